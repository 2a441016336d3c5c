import { changesMax, forgetSeconds } from './limits.ts';

/** Revisions of a partition, and who is told of them. @param s the schema as a quoted identifier */
export const revisionFunctions = (s: string): string => `
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
`;
