/** The tables beside that of messages. @param s the schema as a quoted identifier */
export const queueTablesBeside = (s: string): string => `
-- A message that was leased with others, which share a row.
create type ${s}.queue_batched as (
  seq bigint, turn bigint, ready_at bigint, put_at bigint, remembered_until bigint, deliveries integer, attempts integer, lane smallint,
  id text, headers text, body bytea
);
create table if not exists ${s}.queue_batch (
  -- The token of its first message is the next number, and so on.
  base bigint primary key,
  leased_until bigint not null,
  count integer not null,
  -- What the lease adds to the attempts of each.
  charge integer not null,
  -- Places, from 1 on, of those that are here no more.
  gone integer[] not null default '{}',
  queue text collate "C" not null,
  owner text,
  messages ${s}.queue_batched[] not null
) with (
  fillfactor = 70, vacuum_truncate = false, autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_threshold = 200,
  toast.vacuum_truncate = false, toast.autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0.05,
  toast.autovacuum_vacuum_threshold = 2000
);
alter table ${s}.queue_batch alter column messages set storage external;
create index if not exists queue_batch_until on ${s}.queue_batch (queue, leased_until);

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
