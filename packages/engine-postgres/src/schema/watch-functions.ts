import { forgetSeconds, watchedSeconds } from './limits.ts';

/** What watchers ask. @param s the schema as a quoted identifier */
export const watchFunctions = (s: string): string => `
-- From now on, for a while, changes of the partition are told; gives those under a prefix after a revision, behind a row that says
-- how far they reach, and, where some are not known any more, a last row that says so.
create or replace function ${s}.watch_changes(p_partition text, p_from bigint, p_prefix text)
returns table (
  upto bigint, missed boolean, type text, revision bigint, key text, value bytea, created bigint, modified bigint, session text
) language plpgsql as $$
declare v_partition ${s}.partition;
begin
  select * into v_partition from ${s}.partition p where p.name = p_partition;
  if not found or v_partition.watched_until < clock_timestamp() + interval '${watchedSeconds / 2} seconds' then
    insert into ${s}.partition as p (name, revision, unlogged, watched_until)
      values (
        p_partition, greatest(least(p_from, ${s}.micros()), ${s}.unknown_revision()), ${s}.micros() - ${forgetSeconds}000000,
        clock_timestamp() + interval '${watchedSeconds} seconds')
    on conflict on constraint partition_pkey do update set watched_until = excluded.watched_until
    returning p.* into v_partition;
  end if;
  upto := v_partition.revision;
  missed := v_partition.unlogged > p_from or v_partition.revision < p_from;
  return next;
  if missed then return; end if;
  return query select upto, false, c.type, c.revision, c.key, c.value, c.created, c.modified, c.session
    from ${s}.change c
    where c.partition = p_partition and c.revision > p_from and c.revision <= upto and starts_with(c.key, p_prefix)
    order by c.revision, c.ordinal;
  -- Others may have thrown some away meanwhile, and have said so before.
  select * into v_partition from ${s}.partition p where p.name = p_partition;
  if v_partition.unlogged > p_from then
    missed := true;
    return next;
  end if;
end $$;
`;
