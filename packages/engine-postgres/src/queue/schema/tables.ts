/**
 * The tables, named so that they can stand beside those of a Store. Rows are narrow, and what is waiting, leased and of a key is found
 * by indexes that hold nothing else. What is leased together moves to a row of its own, as `queueBatches` has it.
 *
 * A message's `state` is 0 while it waits in its lane, 1 while it is leased, and 2 while it is held behind others of its key. One
 * whose lease has ended waits again once somebody looks, so that a look costs nothing where nothing has ended.
 *
 * @param s the schema as a quoted identifier
 */
export const queueTables = (s: string): string => `
create table if not exists ${s}.queue_version (version integer not null);

-- A block of numbers for each call: of messages as they are put, of their turns and of their leases.
create sequence if not exists ${s}.queue_number increment by 1024 start with 1024;
create sequence if not exists ${s}.queue_state_number;

create table if not exists ${s}.queue_message (
  seq bigint not null,
  -- Its turn among those that are ready since the same time: when it was put or released.
  turn bigint not null,
  ready_at bigint not null,
  put_at bigint not null,
  -- Of its last lease; another number once that is over for good. 0 before the first.
  token bigint not null default 0,
  leased_until bigint,
  -- When to look whether the lease has ended: extending it need not touch an index that way, and is done in place.
  check_at bigint,
  -- Until when its id is remembered without it.
  remembered_until bigint,
  deliveries integer not null default 0,
  attempts integer not null default 0,
  key_active_max integer,
  lane smallint not null,
  state smallint not null,
  queue text collate "C" not null,
  -- Of its sender's, or of a message that moved here; else it is told by seq.
  id text collate "C",
  key text collate "C",
  owner text,
  -- Objects in JSON, one to a line: later ones are laid over earlier ones.
  headers text,
  body bytea not null,
  primary key (queue, seq)
) with (
  fillfactor = 90, vacuum_truncate = false, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 5000,
  toast.vacuum_truncate = false, toast.autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_vacuum_threshold = 5000
);
create index if not exists queue_message_waiting on ${s}.queue_message (queue, lane, ready_at, turn) where state = 0;
create index if not exists queue_message_leased on ${s}.queue_message (queue, check_at) where state = 1;
create index if not exists queue_message_key on ${s}.queue_message (queue, key, state, seq) where key is not null;
create unique index if not exists queue_message_id on ${s}.queue_message (queue, id) where id is not null;
`;
