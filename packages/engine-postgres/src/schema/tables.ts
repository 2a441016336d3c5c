/** The tables. @param s the schema as a quoted identifier */
export const tables = (s: string): string => `
create table if not exists ${s}.version (version integer not null);

create table if not exists ${s}.partition (
  name text collate "C" primary key,
  revision bigint not null,
  -- Changes up to here are not known any more.
  unlogged bigint not null,
  -- What it was before the change that is being made, or was made last.
  revision_before bigint not null default 0,
  -- Mutations since old changes were last thrown away.
  logged integer not null default 0,
  -- No entry is older. What was deleted stays in the index until it is vacuumed, and whoever looks for the first steps over it.
  floor bigint not null default 0,
  watched_until timestamptz not null default '-infinity'
) with (fillfactor = 50);

create table if not exists ${s}.entry (
  partition text collate "C" not null,
  key text collate "C" not null,
  value bytea not null,
  created bigint not null,
  ordinal integer not null,
  modified bigint not null,
  session text collate "C",
  primary key (partition, key)
);
create index if not exists entry_created on ${s}.entry (partition, created, ordinal);
create index if not exists entry_session on ${s}.entry (session) where session is not null;

create table if not exists ${s}.operation (
  partition text collate "C" not null,
  session text collate "C" not null,
  sequence bigint not null,
  revision bigint not null,
  key text collate "C",
  value bytea,
  created bigint,
  modified bigint,
  holder text collate "C",
  primary key (session, partition)
) with (fillfactor = 70);

create table if not exists ${s}.session (
  id text collate "C" primary key,
  ttl_ms double precision not null,
  deadline timestamptz not null
) with (fillfactor = 50);
create index if not exists session_deadline on ${s}.session (deadline);

create table if not exists ${s}.change (
  partition text collate "C" not null,
  revision bigint not null,
  ordinal integer not null,
  type text not null,
  key text collate "C" not null,
  value bytea not null,
  created bigint not null,
  modified bigint not null,
  session text collate "C",
  primary key (partition, revision, ordinal)
);
`;
