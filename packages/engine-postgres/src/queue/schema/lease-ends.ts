/** The most leases that end in one look. */
const endsMax = 1000;

/** Leases that end by themselves, or with their owner. @param s the schema as a quoted identifier */
export const queueLeaseEnds = (s: string): string => `
-- Leases that have ended: their messages wait where they stood before. Says up to when all were looked at.
create or replace function ${s}.queue_end_leases(p_queue text, p_from bigint) returns bigint language plpgsql as $$
declare v_now bigint := ${s}.queue_now(); v_to bigint; v_bases bigint[];
begin
  if exists (
    select from ${s}.queue_batch b where b.queue = p_queue and b.leased_until >= p_from and b.leased_until <= v_now
  ) then
    with ended as materialized (
      select b.base, b.leased_until, b.count - cardinality(b.gone) as count from ${s}.queue_batch b
      where b.queue = p_queue and b.leased_until >= p_from and b.leased_until <= v_now
      order by b.leased_until limit ${endsMax} for update skip locked
    ), summed as (
      select ended.base, sum(ended.count) over (order by ended.leased_until, ended.base) - ended.count as before from ended
    )
    -- Where some are left there are as many messages below as are looked at, and none that ended later.
    select array_agg(e.base) into v_bases from summed e where e.before < ${endsMax};
    perform ${s}.queue_unpack(v_bases);
  end if;
  if not exists (
    select from ${s}.queue_message m
    where m.queue = p_queue and m.state = 1 and m.check_at >= p_from and m.check_at <= v_now) then return v_now;
  end if;
  with ended as materialized (
    select m.seq, m.check_at from ${s}.queue_message m
    where m.queue = p_queue and m.state = 1 and m.check_at >= p_from and m.check_at <= v_now
    order by m.check_at limit ${endsMax} for update skip locked
  ), done as (
    update ${s}.queue_message m
      set state = case when m.leased_until <= v_now then 0 else 1 end, check_at = m.leased_until
      from ended where m.queue = p_queue and m.seq = ended.seq
  )
  select case when count(*) < ${endsMax} then v_now else max(ended.check_at) end into v_to from ended;
  return v_to;
end $$;

-- Ends the leases of an owner that is dead; says how many.
create or replace function ${s}.queue_abandon(p_queue text, p_owner text) returns bigint language plpgsql as $$
declare v_now bigint := ${s}.queue_now(); v_count bigint;
begin
  perform ${s}.queue_unpack(array(select b.base from ${s}.queue_batch b where b.queue = p_queue and b.owner = p_owner));
  with held as materialized (
    select m.seq, m.leased_until from ${s}.queue_message m where m.queue = p_queue and m.state = 1 and m.owner = p_owner
    order by m.key is not null, m.id nulls first, m.seq for update
  ), ended as (
    update ${s}.queue_message m set state = 0 from held where m.queue = p_queue and m.seq = held.seq
  )
  select count(*) into v_count from held where held.leased_until > v_now;
  perform ${s}.queue_tell(array[p_queue]);
  return v_count;
end $$;
`;
