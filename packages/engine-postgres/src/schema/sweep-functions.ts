import { forgetSeconds, idleSeconds } from './limits.ts';

/** Cleaning up, in small transactions. @param s the schema as a quoted identifier */
export const sweepFunctions = (s: string): string => `
-- A bounded amount of cleaning behind dead sessions; says whether there may be more.
create or replace function ${s}.sweep() returns boolean language plpgsql as $$
declare v_session text;
begin
  select id into v_session from ${s}.session where deadline <= clock_timestamp() order by deadline limit 1 for update skip locked;
  if not found then return false; end if;
  perform ${s}.end_session(v_session);
  return true;
end $$;

-- What nobody needs any more; says whether there may be more. It waits for nobody while it holds a partition.
create or replace function ${s}.sweep_thoroughly() returns boolean language plpgsql as $$
declare v_name text;
begin
  -- Requests that were under way when their session ended.
  select e.session into v_name from ${s}.entry e where e.session is not null
    and not exists (select from ${s}.session s where s.id = e.session) limit 1;
  if found then
    perform ${s}.end_session(v_name);
    return true;
  end if;
  delete from ${s}.operation where ctid in (
    select o.ctid from ${s}.operation o where not exists (select from ${s}.session s where s.id = o.session)
    limit 100 for update skip locked);
  -- Changes of partitions where nothing has happened for a while.
  for v_name in
    select p.name from ${s}.partition p
    where p.revision < ${s}.micros() - ${idleSeconds}000000 and p.watched_until < clock_timestamp()
      and exists (select from ${s}.change c where c.partition = p.name)
    limit 100 for update skip locked
  loop
    update ${s}.partition set unlogged = revision, logged = 0 where name = v_name;
    delete from ${s}.change c where c.partition = v_name;
  end loop;
  delete from ${s}.partition where name in (
    select p.name from ${s}.partition p
    where p.revision < ${s}.micros() - ${forgetSeconds}000000 and p.watched_until < clock_timestamp()
      and not exists (select from ${s}.entry e where e.partition = p.name)
      and not exists (select from ${s}.operation o where o.partition = p.name)
      and not exists (select from ${s}.change c where c.partition = p.name)
    limit 100 for update skip locked);
  return false;
end $$;
`;
