/** Written beside the tables, so that a later version knows what it finds. */
export const schemaVersion = 1;

/** How long a watch keeps a partition's changes written down and notified, beyond the last time it asked, seconds. */
export const watchedSeconds = 90;

/** How many changes of a watched partition are kept, about. */
const changesMax = 1000;

/** How old an empty partition's last revision must be before it is forgotten: so far the server's clock may be set back. */
const forgetSeconds = 3600;

/**
 * Tables and functions, as one script for a schema of their own.
 *
 * Each mutation is one call of one function, which begins by locking its partition's row: revisions are given in the order of
 * commits that way, which a sequence would not do, and a watcher that has seen one has seen all before it. A revision is never
 * below the server's clock in microseconds, so it grows on also where data was lost or a partition was forgotten.
 *
 * `clock_timestamp()` everywhere: `now()` stands still from the transaction's start, however long it then waited for a lock.
 *
 * @param schema its name as a quoted identifier
 */
export function schemaScript(schema: string): string {
  return `
create schema if not exists ${schema};
set local search_path to ${schema}, pg_catalog;

create table if not exists version (version integer not null);

create table if not exists partition (
  name text collate "C" primary key,
  revision bigint not null,
  -- Changes up to here were not written down: nobody watched.
  unlogged bigint not null,
  watched_until timestamptz not null default '-infinity'
) with (fillfactor = 50);

create table if not exists entry (
  partition text collate "C" not null,
  key text collate "C" not null,
  value bytea not null,
  created bigint not null,
  ordinal integer not null,
  modified bigint not null,
  session text collate "C",
  primary key (partition, key)
);
create index if not exists entry_created on entry (partition, created, ordinal);
create index if not exists entry_session on entry (session) where session is not null;

create table if not exists operation (
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
create index if not exists operation_partition on operation (partition);

create table if not exists session (
  id text collate "C" primary key,
  ttl_ms double precision not null,
  deadline timestamptz not null
) with (fillfactor = 50);
create index if not exists session_deadline on session (deadline);

create table if not exists change (
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

${functions(schema)}
`;
}

function functions(schema: string): string {
  // Those that are called from outside set the search path, which costs some microseconds; those within inherit it.
  const head = `language plpgsql set search_path to ${schema}, pg_catalog as`;
  const inner = 'language plpgsql as';
  return `
-- Errors of ours: QU001 session lost, QU002 superseded (the last sequence is its detail), QU003 not a number (the text), QU004 too large.

create or replace function micros() returns bigint language sql volatile as
$$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;

create or replace function channel_of(p_partition text) returns text language sql immutable as
$$ select 'quorate_' || md5('${schema.replaceAll("'", "''")}' || '/' || p_partition) $$;

-- Locks the partition and gives its next revision, and whether somebody watches.
create or replace function begin_change(p_partition text, out revision bigint, out watched boolean) ${inner} $$
declare v_now bigint := micros();
begin
  insert into partition as p (name, revision, unlogged) values (p_partition, v_now, v_now)
  on conflict (name) do update set
    revision = greatest(p.revision + 1, v_now),
    unlogged = case when p.watched_until > clock_timestamp() then p.unlogged else greatest(p.revision + 1, v_now) end
  returning p.revision, p.watched_until > clock_timestamp() into revision, watched;
end $$;

-- Writes a change down and tells those who listen; what is written by one transaction comes together.
create or replace function log_change(
  p_partition text, p_revision bigint, p_ordinal integer, p_type text, p_key text, p_value bytea,
  p_created bigint, p_modified bigint, p_session text
) returns void ${inner} $$
declare v_from bigint;
begin
  insert into change values (p_partition, p_revision, p_ordinal, p_type, p_key, p_value, p_created, p_modified, p_session);
  perform pg_notify(channel_of(p_partition), p_key);
  if random() < 0.01 then
    select c.revision into v_from from change c where c.partition = p_partition
      order by c.revision desc offset ${changesMax} limit 1;
    if v_from is not null then
      update partition set unlogged = greatest(unlogged, v_from) where name = p_partition;
      delete from change c where c.partition = p_partition and c.revision <= v_from;
    end if;
  end if;
end $$;

create or replace function check_session(p_session text) returns void ${inner} $$
begin
  if p_session is null then return; end if;
  perform 1 from session where id = p_session and deadline > clock_timestamp();
  if not found then raise exception 'session lost' using errcode = 'QU001', detail = p_session; end if;
end $$;

-- What a session's last operation in the partition was, where it is the one that comes again. The partition is locked.
create or replace function find_operation(p_partition text, p_session text, p_sequence bigint) returns operation ${inner} $$
declare v_last operation;
begin
  if p_session is null then return null; end if;
  select * into v_last from operation where session = p_session and partition = p_partition;
  if not found or v_last.sequence < p_sequence then return null; end if;
  if v_last.sequence > p_sequence then
    raise exception 'superseded' using errcode = 'QU002', detail = v_last.sequence::text;
  end if;
  return v_last;
end $$;

create or replace function remember(
  p_partition text, p_session text, p_sequence bigint, p_revision bigint, p_key text default null, p_value bytea default null,
  p_created bigint default null, p_modified bigint default null, p_holder text default null
) returns void ${inner} $$
begin
  if p_session is null then return; end if;
  insert into operation values (p_partition, p_session, p_sequence, p_revision, p_key, p_value, p_created, p_modified, p_holder)
  on conflict (session, partition) do update set sequence = excluded.sequence, revision = excluded.revision, key = excluded.key,
    value = excluded.value, created = excluded.created, modified = excluded.modified, holder = excluded.holder;
end $$;

create or replace function holds(p_condition text, p_wanted bigint, p_entry entry) returns boolean language sql immutable as $$
  select case p_condition
    when 'absent' then p_entry.key is null
    when 'modified' then coalesce(p_entry.modified = p_wanted, false)
    else coalesce(p_entry.created = p_wanted, false)
  end $$;

-- Writes an entry; what is left of its place in the order is kept.
create or replace function write_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text, p_value bytea, p_session text
) returns bigint ${inner} $$
declare v_created bigint;
begin
  insert into entry as e values (p_partition, p_key, p_value, p_revision, p_ordinal, p_revision, p_session)
  on conflict (partition, key) do update set value = excluded.value, modified = excluded.modified, session = excluded.session
  returning e.created into v_created;
  if p_watched then
    perform log_change(p_partition, p_revision, p_ordinal, 'put', p_key, p_value, v_created, p_revision, p_session);
  end if;
  return v_created;
end $$;

create or replace function put_entry(
  p_partition text, p_key text, p_value bytea, p_condition text, p_wanted bigint, p_session text,
  p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out value bytea, out created bigint, out modified bigint, out session text
) ${head} $$
declare v_old operation; v_entry entry; v_watched boolean;
begin
  perform check_session(p_op_session);
  if p_session is distinct from p_op_session then perform check_session(p_session); end if;
  select b.revision, b.watched into revision, v_watched from begin_change(p_partition) b;
  v_old := find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    applied := true; revision := v_old.revision; created := v_old.created; modified := v_old.revision; session := p_session;
    return;
  end if;
  select * into v_entry from entry e where e.partition = p_partition and e.key = p_key;
  applied := holds(p_condition, p_wanted, v_entry);
  if not applied then
    value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
    return;
  end if;
  created := write_entry(p_partition, revision, 0, v_watched, p_key, p_value, p_session);
  modified := revision; session := p_session;
  perform remember(p_partition, p_op_session, p_op_sequence, revision, p_key, null, created);
end $$;

create or replace function delete_entry(
  p_partition text, p_key text, p_condition text, p_wanted bigint, p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out value bytea, out created bigint, out modified bigint, out session text
) ${head} $$
declare v_old operation; v_entry entry; v_watched boolean;
begin
  perform check_session(p_op_session);
  select b.revision, b.watched into revision, v_watched from begin_change(p_partition) b;
  v_old := find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    applied := true; revision := v_old.revision;
    value := v_old.value; created := v_old.created; modified := v_old.modified; session := v_old.holder;
    return;
  end if;
  select * into v_entry from entry e where e.partition = p_partition and e.key = p_key;
  applied := v_entry.key is not null and holds(p_condition, p_wanted, v_entry);
  value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
  if not applied then return; end if;
  delete from entry e where e.partition = p_partition and e.key = p_key;
  if v_watched then
    perform log_change(p_partition, revision, 0, 'delete', p_key, value, created, modified, session);
  end if;
  perform remember(p_partition, p_op_session, p_op_sequence, revision, p_key, value, created, modified, session);
end $$;

create or replace function enqueue_entry(
  p_partition text, p_prefix text, p_value bytea, p_session text, p_op_session text, p_op_sequence bigint,
  out key text, out created bigint,
  out head_key text, out head_value bytea, out head_created bigint, out head_modified bigint, out head_session text,
  out before_key text, out before_value bytea, out before_created bigint, out before_modified bigint, out before_session text
) ${head} $$
declare v_old operation; v_watched boolean;
begin
  perform check_session(p_session);
  if p_session is distinct from p_op_session then perform check_session(p_op_session); end if;
  select b.revision, b.watched into created, v_watched from begin_change(p_partition) b;
  v_old := find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    key := v_old.key; created := v_old.created;
  else
    key := p_prefix || lpad(created::text, 16, '0');
    while exists (select 1 from entry e where e.partition = p_partition and e.key = enqueue_entry.key) loop
      created := created + 1;
      key := p_prefix || lpad(created::text, 16, '0');
      update partition set revision = enqueue_entry.created where name = p_partition;
    end loop;
    perform write_entry(p_partition, created, 0, v_watched, key, p_value, p_session);
    perform remember(p_partition, p_op_session, p_op_sequence, created, key, null, created);
  end if;
  select e.key, e.value, e.created, e.modified, e.session
    into before_key, before_value, before_created, before_modified, before_session
    from entry e where e.partition = p_partition and e.created < enqueue_entry.created and starts_with(e.key, p_prefix)
    order by e.created desc, e.ordinal desc limit 1;
  if before_key is null then return; end if;
  select e.key, e.value, e.created, e.modified, e.session
    into head_key, head_value, head_created, head_modified, head_session
    from entry e where e.partition = p_partition and starts_with(e.key, p_prefix)
    order by e.created, e.ordinal limit 1;
end $$;

create or replace function add_number(
  p_partition text, p_key text, p_delta numeric, p_op_session text, p_op_sequence bigint, out value text, out revision bigint
) ${head} $$
declare v_old operation; v_entry entry; v_watched boolean; v_text text := '0'; v_sum numeric;
begin
  perform check_session(p_op_session);
  select b.revision, b.watched into revision, v_watched from begin_change(p_partition) b;
  v_old := find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    value := convert_from(v_old.value, 'UTF8'); revision := v_old.revision;
    return;
  end if;
  select * into v_entry from entry e where e.partition = p_partition and e.key = p_key;
  if v_entry.key is not null then
    -- Bytes, not text: what is no UTF-8 is no number either.
    v_text := encode(v_entry.value, 'escape');
    if v_text !~ '^-?[0-9]{1,19}$' then
      raise exception 'not a number' using errcode = 'QU003', detail = left(v_text, 100);
    end if;
  end if;
  v_sum := v_text::numeric + p_delta;
  if v_sum not between -9223372036854775808 and 9223372036854775807 then
    raise exception 'too large' using errcode = 'QU004';
  end if;
  value := v_sum::text;
  perform write_entry(p_partition, revision, 0, v_watched, p_key, convert_to(value, 'UTF8'), v_entry.session);
  perform remember(p_partition, p_op_session, p_op_sequence, revision, p_key, convert_to(value, 'UTF8'));
end $$;

create or replace function batch_write(
  p_partition text, p_conditions jsonb, p_writes jsonb, p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out key text,
  out value bytea, out created bigint, out modified bigint, out session text
) ${head} $$
declare v_old operation; v_entry entry; v_watched boolean; v_item jsonb; v_ordinal integer := 0;
begin
  perform check_session(p_op_session);
  perform check_session(w ->> 'session') from jsonb_array_elements(p_writes) w;
  select b.revision, b.watched into revision, v_watched from begin_change(p_partition) b;
  applied := true;
  v_old := find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then revision := v_old.revision; return; end if;
  for v_item in select * from jsonb_array_elements(p_conditions) loop
    select * into v_entry from entry e where e.partition = p_partition and e.key = v_item ->> 'key';
    if not holds(v_item ->> 'condition', (v_item ->> 'wanted')::bigint, v_entry) then
      applied := false; key := v_item ->> 'key';
      value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
      return;
    end if;
  end loop;
  for v_item in select * from jsonb_array_elements(p_writes) loop
    if v_item ->> 'type' = 'put' then
      perform write_entry(
        p_partition, revision, v_ordinal, v_watched, v_item ->> 'key', decode(v_item ->> 'value', 'base64'), v_item ->> 'session'
      );
    else
      delete from entry e where e.partition = p_partition and e.key = v_item ->> 'key' returning * into v_entry;
      if found and v_watched then
        perform log_change(p_partition, revision, v_ordinal, 'delete', v_entry.key, v_entry.value,
          v_entry.created, v_entry.modified, v_entry.session);
      end if;
    end if;
    v_ordinal := v_ordinal + 1;
  end loop;
  perform remember(p_partition, p_op_session, p_op_sequence, revision);
end $$;

-- From now on, for a while, the partition's changes are written down; gives those under a prefix after a revision, behind a row
-- that says how far they reach, and, where some are not known any more, a last row that says so.
create or replace function watch_changes(p_partition text, p_from bigint, p_prefix text)
returns table (
  upto bigint, missed boolean, type text, revision bigint, key text, value bytea, created bigint, modified bigint, session text
) ${head} $$
declare v_partition partition;
begin
  select * into v_partition from partition p where p.name = p_partition;
  if not found or v_partition.watched_until < clock_timestamp() + interval '${watchedSeconds / 2} seconds' then
    insert into partition as p (name, revision, unlogged, watched_until)
      values (p_partition, 0, 0, clock_timestamp() + interval '${watchedSeconds} seconds')
    on conflict on constraint partition_pkey do update set watched_until = excluded.watched_until
    returning p.* into v_partition;
  end if;
  upto := v_partition.revision;
  missed := v_partition.unlogged > p_from or v_partition.revision < p_from;
  return next;
  if missed then return; end if;
  return query select upto, false, c.type, c.revision, c.key, c.value, c.created, c.modified, c.session
    from change c
    where c.partition = p_partition and c.revision > p_from and c.revision <= upto and starts_with(c.key, p_prefix)
    order by c.revision, c.ordinal;
  -- Others may have thrown some away meanwhile, and have said so before.
  select * into v_partition from partition p where p.name = p_partition;
  if v_partition.unlogged > p_from then
    missed := true;
    return next;
  end if;
end $$;

-- Deletes what is left of a session that is no longer there, in one partition after the other.
create or replace function sweep_session(p_session text) returns void ${head} $$
declare v_partition text; v_entry entry; v_revision bigint; v_watched boolean;
begin
  -- In the order of names, so that two sweeps do not wait for each other.
  for v_partition in
    select distinct partition from entry where session = p_session order by 1
  loop
    for v_entry in select * from entry where partition = v_partition and session = p_session order by created, ordinal loop
      select b.revision, b.watched into v_revision, v_watched from begin_change(v_partition) b;
      delete from entry e where e.partition = v_partition and e.key = v_entry.key and e.session = p_session
        and e.modified = v_entry.modified;
      if found and v_watched then
        perform log_change(v_partition, v_revision, 0, 'delete', v_entry.key, v_entry.value,
          v_entry.created, v_entry.modified, v_entry.session);
      end if;
    end loop;
  end loop;
  delete from operation where session = p_session;
end $$;

create or replace function end_session(p_session text) returns void ${head} $$
begin
  delete from session where id = p_session;
  perform sweep_session(p_session);
  perform pg_notify(channel_of(''), p_session);
end $$;

-- Lets a session live on; false where it is dead. Whoever comes by cleans up behind some that are.
create or replace function renew_session(p_session text) returns boolean ${head} $$
begin
  update session set deadline = clock_timestamp() + ttl_ms * interval '1 millisecond'
    where id = p_session and deadline > clock_timestamp();
  return found;
end $$;

-- A bounded amount of cleaning: dead sessions with what they left, and partitions that hold nothing any more.
create or replace function sweep() returns integer ${head} $$
declare v_session text; v_name text; v_count integer := 0;
begin
  for v_session in
    select id from session where deadline <= clock_timestamp() order by deadline limit 20 for update skip locked
  loop
    perform end_session(v_session);
    v_count := v_count + 1;
  end loop;
  -- A request that was under way when its session ended.
  for v_session in
    select e.session from entry e where e.session is not null
      and not exists (select 1 from session s where s.id = e.session) limit 20
  loop
    perform sweep_session(v_session);
    v_count := v_count + 1;
  end loop;
  delete from operation where ctid in (
    select o.ctid from operation o where not exists (select 1 from session s where s.id = o.session) limit 100);
  for v_name in
    select p.name from partition p
    where p.watched_until < clock_timestamp() and exists (select 1 from change c where c.partition = p.name)
    limit 20 for update skip locked
  loop
    update partition set unlogged = revision where name = v_name;
    delete from change c where c.partition = v_name;
  end loop;
  delete from partition where name in (
    select p.name from partition p
    where p.revision < micros() - ${forgetSeconds}::bigint * 1000000 and p.watched_until < clock_timestamp()
      and not exists (select 1 from entry e where e.partition = p.name)
      and not exists (select 1 from operation o where o.partition = p.name)
    limit 100 for update skip locked)
    and not exists (select 1 from entry e where e.partition = name)
    and not exists (select 1 from operation o where o.partition = name);
  return v_count;
end $$;
`;
}
