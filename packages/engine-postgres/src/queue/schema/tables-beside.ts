/** The tables beside that of messages. @param s the schema as a quoted identifier */
export const queueTablesBeside = (s: string): string => `
-- Ids that are remembered though their messages may be gone.
create table if not exists ${s}.queue_memory (
  until bigint not null,
  queue text collate "C" not null,
  id text collate "C" not null,
  primary key (queue, id)
) with (autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0.05);
create index if not exists queue_memory_until on ${s}.queue_memory (until);

-- Keys of messages that came in somebody's own transaction, which must not wait for others of their key: they are let out later.
create table if not exists ${s}.queue_arrival (
  queue text collate "C" not null,
  key text collate "C" not null
) with (autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_threshold = 500);
create index if not exists queue_arrival_queue on ${s}.queue_arrival (queue);

create table if not exists ${s}.queue_state (
  version bigint not null,
  expires_at bigint,
  key text collate "C" primary key,
  value bytea not null
) with (fillfactor = 80, autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0.05);
create index if not exists queue_state_expires on ${s}.queue_state (expires_at) where expires_at is not null;

-- Until when somebody is to be told of a partition's queues or records.
create table if not exists ${s}.queue_watch (
  partition text collate "C" primary key,
  queues_until timestamptz not null,
  state_until timestamptz not null
) with (fillfactor = 50);
`;
