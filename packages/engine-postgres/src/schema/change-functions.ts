import { changesMax } from './limits.ts';

/** What every change goes through: its revision, its place in the log of changes, the operations that are remembered. @param s the schema as a quoted identifier */
export const changeFunctions = (s: string): string => `
-- Errors of ours: QU001 session lost, QU002 superseded (the last sequence is its detail), QU003 not a number (the text),
-- QU004 too large.

create or replace function ${s}.micros() returns bigint language sql volatile as
$$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;

create or replace function ${s}.channel_of(p_partition text) returns text language sql immutable as
$$ select 'quorate_' || md5('${s.replaceAll("'", "''")}' || '/' || p_partition) $$;

-- Locks the partition and gives its next revision, and whether somebody watches.
create or replace function ${s}.begin_change(p_partition text, out revision bigint, out watched boolean) language plpgsql as $$
declare v_now bigint := ${s}.micros();
begin
  insert into ${s}.partition as p (name, revision, unlogged) values (p_partition, v_now, v_now)
  on conflict (name) do update set
    revision_before = p.revision,
    unlogged_before = p.unlogged,
    revision = greatest(p.revision + 1, v_now),
    unlogged = case when p.watched_until > clock_timestamp() then p.unlogged else greatest(p.revision + 1, v_now) end
  returning p.revision, p.watched_until > clock_timestamp() into revision, watched;
end $$;

-- Takes the revision back: a call that is refused changes nothing.
create or replace function ${s}.undo_change(p_partition text, inout revision bigint) language plpgsql as $$
begin
  update ${s}.partition p set revision = revision_before, unlogged = unlogged_before where p.name = p_partition
    returning p.revision into revision;
end $$;

-- Writes a change down and tells those who listen; what is written by one transaction comes together.
create or replace function ${s}.log_change(
  p_partition text, p_revision bigint, p_ordinal integer, p_type text, p_key text, p_value bytea,
  p_created bigint, p_modified bigint, p_session text
) returns void language plpgsql as $$
declare v_from bigint;
begin
  insert into ${s}.change values (p_partition, p_revision, p_ordinal, p_type, p_key, p_value, p_created, p_modified, p_session);
  perform pg_notify(${s}.channel_of(p_partition), p_key);
  if random() < 0.01 then
    select c.revision into v_from from ${s}.change c where c.partition = p_partition
      order by c.revision desc offset ${changesMax} limit 1;
    if v_from is not null then
      update ${s}.partition set unlogged = greatest(unlogged, v_from) where name = p_partition;
      delete from ${s}.change c where c.partition = p_partition and c.revision <= v_from;
    end if;
  end if;
end $$;

create or replace function ${s}.check_session(p_session text) returns void language plpgsql as $$
begin
  if p_session is null then return; end if;
  perform 1 from ${s}.session where id = p_session and deadline > clock_timestamp();
  if not found then raise exception 'session lost' using errcode = 'QU001', detail = p_session; end if;
end $$;

-- What a session's last operation in the partition was, where it is the one that comes again. The partition is locked.
create or replace function ${s}.find_operation(p_partition text, p_session text, p_sequence bigint) returns ${s}.operation language plpgsql as $$
declare v_last ${s}.operation;
begin
  if p_session is null then return null; end if;
  select * into v_last from ${s}.operation where session = p_session and partition = p_partition;
  if not found or v_last.sequence < p_sequence then return null; end if;
  if v_last.sequence > p_sequence then
    raise exception 'superseded' using errcode = 'QU002', detail = v_last.sequence::text;
  end if;
  return v_last;
end $$;

create or replace function ${s}.remember(
  p_partition text, p_session text, p_sequence bigint, p_revision bigint, p_key text default null, p_value bytea default null,
  p_created bigint default null, p_modified bigint default null, p_holder text default null
) returns void language plpgsql as $$
begin
  if p_session is null then return; end if;
  insert into ${s}.operation values (p_partition, p_session, p_sequence, p_revision, p_key, p_value, p_created, p_modified, p_holder)
  on conflict (session, partition) do update set sequence = excluded.sequence, revision = excluded.revision, key = excluded.key,
    value = excluded.value, created = excluded.created, modified = excluded.modified, holder = excluded.holder;
end $$;

create or replace function ${s}.holds(p_condition text, p_wanted bigint, p_entry ${s}.entry) returns boolean language sql immutable as $$
  select case p_condition
    when 'absent' then p_entry.key is null
    when 'modified' then coalesce(p_entry.modified = p_wanted, false)
    else coalesce(p_entry.created = p_wanted, false)
  end $$;

-- Writes an entry; what is left of its place in the order is kept.
create or replace function ${s}.write_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text, p_value bytea, p_session text
) returns bigint language plpgsql as $$
declare v_created bigint;
begin
  insert into ${s}.entry as e values (p_partition, p_key, p_value, p_revision, p_ordinal, p_revision, p_session)
  on conflict (partition, key) do update set value = excluded.value, modified = excluded.modified, session = excluded.session
  returning e.created into v_created;
  if p_watched then
    perform ${s}.log_change(p_partition, p_revision, p_ordinal, 'put', p_key, p_value, v_created, p_revision, p_session);
  end if;
  return v_created;
end $$;
`;
