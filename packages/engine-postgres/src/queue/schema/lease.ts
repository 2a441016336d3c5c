import { answerBytesMax } from './answer-bytes.ts';
import { batchedColumns } from './batches.ts';

/** The most bytes of bodies and headers that share a row. */
const batchBytesMax = 2 ** 18;

/** Leasing. @param s the schema as a quoted identifier */
export const queueLease = (s: string): string => `
-- What is leased, as one row, since each row and each column costs more than what it holds. The first of its lines has the time, what it
-- took, up to when ended leases were looked at, and in how long there may be a message where there is none, ms; each other one has a
-- message's numbers and then the lengths of its id, key and headers, which stand one behind the other in "texts", and of its body.
-- The first p_started are charged an attempt.
-- p_check_from and p_ready_from are bounds below which nobody need look: what was there is dead, and may not be vacuumed yet.
create or replace function ${s}.queue_lease(
  p_queue text, p_max integer, p_lease_ms bigint, p_lanes smallint[], p_owner text, p_started integer,
  p_check_from bigint, p_ready_from bigint, out numbers text, out texts bytea, out bodies bytea
) language plpgsql set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_now bigint; v_left integer := p_max; v_count integer; v_bytes bigint := 0; v_sum bigint; v_sizes bigint[]; v_places tid[]; v_base bigint;
  v_numbers text; v_texts bytea; v_bodies bytea; v_are_plain boolean;
  v_lane smallint := coalesce(p_lanes[1], 0); v_place integer := 1; v_next bigint; v_at bigint; v_ended bigint; v_began timestamptz := clock_timestamp();
begin
  perform ${s}.queue_link(p_queue);
  v_ended := ${s}.queue_end_leases(p_queue, p_check_from);
  v_now := ${s}.queue_now();
  while v_lane is not null loop
    with chosen as materialized (
      select m.ctid as place, octet_length(m.body) + coalesce(octet_length(m.headers), 0)::bigint as bytes,
        m.key is null and (m.id is null or coalesce(m.remembered_until >= v_now + p_lease_ms, false)) as is_plain from ${s}.queue_message m
      where m.queue = p_queue and m.state = 0 and m.lane = v_lane and m.ready_at >= p_ready_from and m.ready_at <= v_now
      order by m.ready_at, m.turn limit v_left for update skip locked
    )
    select array_agg(c.place), array_agg(c.bytes), sum(c.bytes), count(*), bool_and(c.is_plain) into v_places, v_sizes, v_sum, v_count, v_are_plain from chosen c;
    if v_count > 0 then
      if v_bytes + v_sum < ${answerBytesMax} then
        v_bytes := v_bytes + v_sum;
      else
        v_count := 0;
        while v_bytes < ${answerBytesMax} loop
          v_count := v_count + 1;
          v_bytes := v_bytes + v_sizes[v_count];
        end loop;
        v_places := v_places[:v_count];
      end if;
      -- After the locks: whoever leased one of them before took a smaller number. As they are locked nobody moves them.
      v_base := nextval('${s.replaceAll("'", "''")}.queue_number');
      ${leaseLocked(s)}
      numbers := concat_ws(chr(10), numbers, v_numbers);
      texts := coalesce(texts || v_texts, v_texts);
      bodies := coalesce(bodies || v_bodies, v_bodies);
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
    v_next := least(v_next,
      (select m.check_at from ${s}.queue_message m where m.queue = p_queue and m.state = 1 and m.check_at > v_now order by m.check_at limit 1),
      (select b.leased_until from ${s}.queue_batch b where b.queue = p_queue and b.leased_until > v_now order by b.leased_until limit 1));
  end if;
  numbers := concat_ws(chr(10),
    concat_ws(' ', v_now, extract(epoch from clock_timestamp() - v_began) * 1000, v_ended, v_next - v_now), numbers);
end $$;
`;

/** What is charged alike is leased together: what comes next is nearly always that it is acknowledged, and before its id is forgotten. */
function leaseLocked(s: string): string {
  return `if v_are_plain and (p_started = 0 or v_count <= p_started - (p_max - v_left)) and v_sum <= ${batchBytesMax} then
        ${leaseTogether(s)}
      else
        ${leaseChosen(s)}
      end if;`;
}

/** Takes the messages at `v_places` out, leases them as a batch, and says what they are. */
function leaseTogether(s: string): string {
  return `with taken as (
          delete from ${s}.queue_message m using unnest(v_places) with ordinality u(place, n) where m.ctid = u.place
          returning u.n, ${batchedColumns.map(name => `m.${name}`).join(', ')}
        ), kept as (
          insert into ${s}.queue_batch (base, queue, leased_until, owner, count, charge, messages)
            select v_base, p_queue, v_now + p_lease_ms, p_owner, v_count, least(p_started, 1),
              array_agg(row(${batchedColumns.map(name => `t.${name}`).join(', ')})::${s}.queue_batched order by t.n) from taken t
        ), leased as (
          select t.seq, v_base + t.n as token, t.lane, t.deliveries + 1 as deliveries, t.attempts + least(p_started, 1) as attempts, t.put_at, t.ready_at,
            convert_to(t.id, 'UTF8') as id, null::bytea as key, convert_to(t.headers, 'UTF8') as headers, t.body from taken t
        )
        ${said}`;
}

/** Leases the messages at `v_places`, from the first on, and says what they are. */
function leaseChosen(s: string): string {
  return `with leased as (
          update ${s}.queue_message m
            set state = 1, token = v_base + u.n, owner = p_owner, leased_until = v_now + p_lease_ms,
              check_at = v_now + p_lease_ms, deliveries = m.deliveries + 1,
              attempts = m.attempts + case when u.n <= p_started - (p_max - v_left) then 1 else 0 end
            from unnest(v_places) with ordinality u(place, n) where m.ctid = u.place
          returning m.seq, m.token, m.lane, m.deliveries, m.attempts, m.put_at, m.ready_at,
            convert_to(m.id, 'UTF8') as id, convert_to(m.key, 'UTF8') as key, convert_to(m.headers, 'UTF8') as headers, m.body
        )
        ${said}`;
}

/** Lines of numbers, texts and bodies of what is leased. */
const said = `select string_agg(concat_ws(' ', l.seq, l.token, l.lane, l.deliveries, l.attempts, l.put_at, l.ready_at, coalesce(octet_length(l.id), -1),
              coalesce(octet_length(l.key), -1), coalesce(octet_length(l.headers), -1), octet_length(l.body)), chr(10)),
            string_agg(coalesce(l.id, '') || coalesce(l.key, '') || coalesce(l.headers, ''), ''), string_agg(l.body, '')
          into v_numbers, v_texts, v_bodies from leased l;`;
