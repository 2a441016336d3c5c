import { changesMax, forgetSeconds, unknownSeconds } from './limits.ts';

/** Revisions of a partition, and who is told of them. @param s the schema as a quoted identifier */
export const revisionFunctions = (s: string): string => `
-- Errors of ours: QU001 session lost, QU002 superseded (the last sequence is its detail), QU003 not a number (the text),
-- QU004 too large.

create or replace function ${s}.micros() returns bigint language sql volatile as
$$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;

-- Where a partition without a row stands.
create or replace function ${s}.unknown_revision() returns bigint language sql volatile as
$$ select ${s}.micros() - ${unknownSeconds}000000 $$;

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
    revision = greatest(p.revision + 1, v_now),
    logged = p.logged + 1
  returning p.revision, p.watched_until > clock_timestamp() into revision, watched;
end $$;

-- Takes the revision back: a call that is refused changes nothing.
create or replace function ${s}.undo_change(p_partition text, inout revision bigint) language plpgsql as $$
begin
  update ${s}.partition p set revision = revision_before, unlogged = least(unlogged, revision_before) where p.name = p_partition
    returning p.revision into revision;
  if revision = 0 then
    delete from ${s}.partition p where p.name = p_partition;
    revision := ${s}.unknown_revision();
  end if;
end $$;

create or replace function ${s}.tell_change(p_partition text, p_key text) returns void language plpgsql as $$
begin
  perform pg_notify(${s}.channel_of(p_partition), p_key);
end $$;

-- Throws the oldest changes away, and finds out how old entries are. The partition is locked.
create or replace function ${s}.trim_changes(p_partition text) returns void language plpgsql as $$
declare v_from bigint;
begin
  select c.revision into v_from from ${s}.change c where c.partition = p_partition
    order by c.revision desc offset ${changesMax} limit 1;
  update ${s}.partition p
    set logged = 0, unlogged = greatest(p.unlogged, v_from),
      floor = coalesce((
        select e.created from ${s}.entry e where e.partition = p_partition and e.created >= p.floor
        order by e.created, e.ordinal limit 1), p.revision_before)
    where p.name = p_partition;
  delete from ${s}.change c where c.partition = p_partition and c.revision <= v_from;
end $$;
`;
