import { changesMax, forgetSeconds } from './limits.ts';

/** What every change goes through: its revision, its place in the log of changes, the operations that are remembered. @param s the schema as a quoted identifier */
export const changeFunctions = (s: string): string => `
-- Errors of ours: QU001 session lost, QU002 superseded (the last sequence is its detail), QU003 not a number (the text),
-- QU004 too large.

create or replace function ${s}.micros() returns bigint language sql volatile as
$$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;

create or replace function ${s}.channel_of(p_partition text) returns text language sql immutable as
$$ select 'quorate_' || md5('${s.replaceAll("'", "''")}' || '/' || p_partition) $$;

-- Locks the partition and gives its next revision, and whether somebody watches. What was before a new row is not known: there
-- may have been another that was forgotten, but then its last change is long ago.
create or replace function ${s}.begin_change(p_partition text, out revision bigint, out watched boolean) language plpgsql as $$
declare v_now bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
begin
  insert into ${s}.partition as p (name, revision, unlogged) values (p_partition, v_now, v_now - ${forgetSeconds}000000)
  on conflict (name) do update set
    revision_before = p.revision,
    revision = greatest(p.revision + 1, v_now)
  returning p.revision, p.watched_until > clock_timestamp() into revision, watched;
end $$;

-- Takes the revision back: a call that is refused changes nothing.
create or replace function ${s}.undo_change(p_partition text, inout revision bigint) language plpgsql as $$
begin
  update ${s}.partition p set revision = revision_before where p.name = p_partition
    returning p.revision into revision;
  if revision = 0 then delete from ${s}.partition p where p.name = p_partition; end if;
end $$;

-- Tells those who watch, and now and then throws the oldest changes away.
create or replace function ${s}.tell_change(p_partition text, p_key text, p_watched boolean) returns void language plpgsql as $$
declare v_from bigint;
begin
  if p_watched then perform pg_notify(${s}.channel_of(p_partition), p_key); end if;
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

-- Writes an entry, with the change; an entry that is there keeps its place in the order.
create or replace function ${s}.write_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text, p_value bytea, p_session text
) returns bigint language plpgsql as $$
declare v_created bigint;
begin
  with e as (
    insert into ${s}.entry as e values (p_partition, p_key, p_value, p_revision, p_ordinal, p_revision, p_session)
    on conflict (partition, key) do update set value = excluded.value, modified = excluded.modified, session = excluded.session
    returning e.created
  ), c as (
    insert into ${s}.change
      select p_partition, p_revision, p_ordinal, 'put', p_key, p_value, e.created, p_revision, p_session from e
  )
  select e.created into v_created from e;
  perform ${s}.tell_change(p_partition, p_key, p_watched);
  return v_created;
end $$;

-- Deletes an entry as it stands there by one of its revisions, or whatever it is, with the change.
create or replace function ${s}.remove_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text, p_condition text, p_wanted bigint
) returns ${s}.entry language plpgsql as $$
declare v_entry ${s}.entry;
begin
  with e as (
    delete from ${s}.entry e
      where e.partition = p_partition and e.key = p_key
        and case p_condition when 'modified' then e.modified = p_wanted when 'created' then e.created = p_wanted else true end
      returning e.*
  ), c as (
    insert into ${s}.change
      select p_partition, p_revision, p_ordinal, 'delete', p_key, e.value, e.created, e.modified, e.session from e
  )
  select e.* into v_entry from e;
  if found then perform ${s}.tell_change(p_partition, p_key, p_watched); end if;
  return v_entry;
end $$;
`;
