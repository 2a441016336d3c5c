import { forgetSeconds, idleSeconds } from './limits.ts';

/** Sessions that are renewed, end and leave something behind. @param s the schema as a quoted identifier */
export const sessionFunctions = (s: string): string => `
-- Deletes what is left of a session that is no longer there, in one partition after the other.
create or replace function ${s}.sweep_session(p_session text) returns void language plpgsql as $$
declare v_partition text; v_entry ${s}.entry; v_revision bigint; v_watched boolean;
begin
  -- In the order of names, so that two sweeps do not wait for each other.
  for v_partition in
    select distinct partition from ${s}.entry where session = p_session order by 1
  loop
    for v_entry in select * from ${s}.entry where partition = v_partition and session = p_session order by created, ordinal loop
      select b.revision, b.watched into v_revision, v_watched from ${s}.begin_change(v_partition) b;
      perform ${s}.remove_entry(v_partition, v_revision, 0, v_watched, v_entry.key, 'modified', v_entry.modified);
    end loop;
  end loop;
  delete from ${s}.operation where session = p_session;
end $$;

create or replace function ${s}.end_session(p_session text) returns void language plpgsql as $$
begin
  delete from ${s}.session where id = p_session;
  perform ${s}.sweep_session(p_session);
  perform pg_notify(${s}.channel_of(''), p_session);
end $$;

-- Lets a session live on; false where it is dead.
create or replace function ${s}.renew_session(p_session text) returns boolean language plpgsql as $$
begin
  update ${s}.session set deadline = clock_timestamp() + ttl_ms * interval '1 millisecond'
    where id = p_session and deadline > clock_timestamp();
  return found;
end $$;

-- A bounded amount of cleaning: what dead sessions have left; now and then also what nobody needs any more.
create or replace function ${s}.sweep(p_thoroughly boolean) returns void language plpgsql as $$
declare v_name text;
begin
  for v_name in
    select id from ${s}.session where deadline <= clock_timestamp() order by deadline limit 20 for update skip locked
  loop
    perform ${s}.end_session(v_name);
  end loop;
  if not p_thoroughly then return; end if;
  -- Requests that were under way when their session ended.
  for v_name in
    select e.session from ${s}.entry e where e.session is not null
      and not exists (select 1 from ${s}.session s where s.id = e.session) limit 20
  loop
    perform ${s}.sweep_session(v_name);
  end loop;
  delete from ${s}.operation where ctid in (
    select o.ctid from ${s}.operation o where not exists (select 1 from ${s}.session s where s.id = o.session) limit 100);
  -- Changes of partitions where nothing has happened for a while.
  for v_name in
    select p.name from ${s}.partition p
    where p.revision < ${s}.micros() - ${idleSeconds}000000 and p.watched_until < clock_timestamp()
      and exists (select 1 from ${s}.change c where c.partition = p.name)
    limit 100 for update skip locked
  loop
    update ${s}.partition set unlogged = revision where name = v_name;
    delete from ${s}.change c where c.partition = v_name;
  end loop;
  delete from ${s}.partition where name in (
    select p.name from ${s}.partition p
    where p.revision < ${s}.micros() - ${forgetSeconds}000000 and p.watched_until < clock_timestamp()
      and not exists (select 1 from ${s}.entry e where e.partition = p.name)
      and not exists (select 1 from ${s}.operation o where o.partition = p.name)
      and not exists (select 1 from ${s}.change c where c.partition = p.name)
    limit 100 for update skip locked);
end $$;
`;
