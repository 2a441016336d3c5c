import { answerBytesMax } from './answer-bytes.ts';

/** Leasing. @param s the schema as a quoted identifier */
export const queueLease = (s: string): string => `
-- Messages, and last a row with the time, what it took, up to when ended leases were looked at, and in how long there may be a message
-- where there is none, ms. Numbers come as one text, since each column costs the client more than a number does.
-- The first p_started are charged an attempt.
-- p_check_from and p_ready_from are bounds below which nobody need look: what was there is dead, and may not be vacuumed yet.
create or replace function ${s}.queue_lease(
  p_queue text, p_max integer, p_lease_ms bigint, p_lanes smallint[], p_owner text, p_started integer,
  p_check_from bigint, p_ready_from bigint
) returns table (numbers text, id text, key text, headers text, body bytea
) language plpgsql set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_now bigint; v_left integer := p_max; v_count integer; v_bytes bigint := 0; v_queues text[]; v_seqs bigint[]; v_base bigint;
  v_lane smallint := coalesce(p_lanes[1], 0); v_place integer := 1; v_next bigint; v_at bigint; v_ended bigint; v_began timestamptz := clock_timestamp();
begin
  perform ${s}.queue_link(p_queue);
  v_ended := ${s}.queue_end_leases(p_queue, p_check_from);
  v_now := ${s}.queue_now();
  while v_lane is not null loop
    with chosen as materialized (
      select m.queue, m.seq, octet_length(m.body) + coalesce(octet_length(m.headers), 0) as bytes from ${s}.queue_message m
      where m.queue = p_queue and m.state = 0 and m.lane = v_lane and m.ready_at >= p_ready_from and m.ready_at <= v_now
      order by m.ready_at, m.turn limit v_left for update skip locked
    ), summed as (
      select c.queue, c.seq, row_number() over () as n, v_bytes + sum(c.bytes) over (rows unbounded preceding) - c.bytes as before, c.bytes from chosen c
    )
    select array_agg(f.queue), array_agg(f.seq order by f.n), count(*), coalesce(max(f.before + f.bytes), v_bytes)
      into v_queues, v_seqs, v_count, v_bytes from summed f where f.before < ${answerBytesMax};
    if v_count > 0 then
      -- After the locks: whoever leased one of them before took a smaller number. With the queue as a constant a plan for an empty table
      -- would read all of it.
      v_base := nextval('${s.replaceAll("'", "''")}.queue_number');
      return query
        update ${s}.queue_message m
          set state = 1, token = v_base + u.n, owner = p_owner, leased_until = v_now + p_lease_ms,
            check_at = v_now + p_lease_ms, deliveries = m.deliveries + 1,
            attempts = m.attempts + case when u.n <= p_started - (p_max - v_left) then 1 else 0 end
          from unnest(v_queues, v_seqs) with ordinality u(queue, seq, n) where m.queue = u.queue and m.seq = u.seq
        returning concat_ws(' ', m.seq, m.token, m.lane, m.deliveries, m.attempts, m.put_at, m.ready_at), m.id, m.key, m.headers, m.body;
    end if;
    v_left := v_left - v_count;
    exit when v_left = 0 or v_bytes >= ${answerBytesMax};
    if v_left = p_max then
      select m.ready_at into v_at from ${s}.queue_message m
        where m.queue = p_queue and m.state = 0 and m.lane = v_lane and m.ready_at > v_now order by m.ready_at, m.turn limit 1;
      v_next := least(v_next, v_at);
    end if;
    if p_lanes is null then
      select m.lane into v_lane from ${s}.queue_message m
        where m.queue = p_queue and m.state = 0 and m.lane > v_lane order by m.lane, m.ready_at, m.turn limit 1;
    else
      v_place := v_place + 1;
      v_lane := p_lanes[v_place];
    end if;
  end loop;
  if v_left = p_max then
    select m.check_at into v_at from ${s}.queue_message m
      where m.queue = p_queue and m.state = 1 and m.check_at > v_now order by m.check_at limit 1;
    v_next := least(v_next, v_at);
  end if;
  return query select concat_ws(' ', v_now, extract(epoch from clock_timestamp() - v_began) * 1000, v_ended, v_next - v_now), null, null, null,
    null::bytea;
end $$;
`;
