import { answerBytesMax } from './answer-bytes.ts';
import { leftOfBatch } from './batches.ts';

/** What becomes of a message `m` next, at `v_now`. */
const state = `case
    when m.state = 2 then 'held'
    when m.state = 1 and m.leased_until > v_now then 'leased'
    when m.ready_at <= v_now then 'ready'
    else 'delayed' end`;

/** What is shown of a message `m`. */
const shown = `m.seq, m.id, m.lane, m.key, m.deliveries, m.attempts, m.put_at, m.headers, m.body, ${state} as becomes, m.ready_at,
      m.owner, m.leased_until`;

/** What an operator sees and does. @param s the schema as a quoted identifier */
export const queueInspect = (s: string): string => `
-- Names of queues within bounds, and one beside, from the first after another on: one look into the index for each.
create or replace function ${s}.queue_names(p_exact text, p_from text, p_to text, p_after text, p_limit integer) returns setof text
language plpgsql set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_name text collate "C" := p_after;
begin
  if v_name is null and (exists (select from ${s}.queue_message m where m.queue = p_exact)
    or exists (select from ${s}.queue_batch b where b.queue = p_exact)) then return next p_exact; end if;
  for i in 1 .. p_limit loop
    if v_name is null or v_name < p_from then
      ${next(s, '>= p_from')}
    else
      ${next(s, '> v_name')}
    end if;
    exit when v_name is null or v_name > p_to;
    return next v_name;
  end loop;
end $$;

create or replace function ${s}.queue_depth(p_queue text) returns table (state text, count bigint, oldest bigint) language plpgsql as $$
#variable_conflict use_column
declare v_now bigint;
begin
  perform ${s}.queue_link(p_queue);
  v_now := ${s}.queue_now();
  return query select ${state} as becomes, count(*), min(m.ready_at) from (
    select m.state, m.leased_until, m.ready_at from ${s}.queue_message m where m.queue = p_queue
    union all select 1::smallint, b.leased_until, x.ready_at from ${s}.queue_batch b ${leftOfBatch} and b.queue = p_queue) m group by becomes;
end $$;

-- A page of messages, or one of them; "more" where it ends before its limit because it is large enough.
create or replace function ${s}.queue_messages(
  p_queue text, p_state text, p_after bigint, p_seq bigint, p_id text, p_limit integer
) returns table (
  seq bigint, id text, lane smallint, key text, deliveries integer, attempts integer, put_at bigint, headers text, body bytea,
  state text, ready_at bigint, owner text, leased_until bigint, more boolean
) language plpgsql set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare v_now bigint; v_bytes bigint := 0;
begin
  perform ${s}.queue_link(p_queue);
  v_now := ${s}.queue_now();
  if p_id is not null then
    return query ${oneOf(s)} limit 1;
    return;
  end if;
  for seq, id, lane, key, deliveries, attempts, put_at, headers, body, state, ready_at, owner, leased_until in
    select * from (${pageOf(s)}) a order by a.seq limit p_limit
  loop
    v_bytes := v_bytes + octet_length(body) + coalesce(octet_length(headers), 0);
    more := v_bytes >= ${answerBytesMax};
    return next;
    exit when more;
  end loop;
end $$;
`;

/**
 * A message by its id or number. Both tables are looked at in one statement, here and below: one that is leased between two would be in
 * neither.
 */
function oneOf(s: string): string {
  const rows = [
    alone(s, 'm.id = p_id'),
    alone(s, 'm.seq = p_seq and m.id is null'),
    together(s, '(x.id = p_id or x.seq = p_seq and x.id is null)'),
  ];
  return rows.map(from => `(select ${shown}, false from (${from}) m)`).join(' union all ');
}

/** As many messages as a page may hold from each table, in order, so that neither is read to its end. */
function pageOf(s: string): string {
  const rows = [alone(s, 'm.seq > p_after'), together(s, 'x.seq > p_after')];
  return rows
    .map(
      from => `(select * from (select ${shown} from (${from}) m) a
      where p_state is null or a.becomes = p_state order by a.seq limit p_limit)`,
    )
    .join(' union all ');
}

/** Messages of a queue that stand by themselves. */
function alone(s: string, where: string): string {
  return `select m.seq, m.id, m.lane, m.key, m.deliveries, m.attempts, m.put_at, m.headers, m.body, m.state, m.ready_at, m.owner,
      m.leased_until from ${s}.queue_message m where m.queue = p_queue and ${where}`;
}

/** Those that are leased together. */
function together(s: string, where: string): string {
  return `select x.seq, x.id, x.lane, null as key, x.deliveries + 1 as deliveries, x.attempts + b.charge as attempts, x.put_at,
      x.headers, x.body, 1 as state, x.ready_at, b.owner, b.leased_until from ${s}.queue_batch b ${leftOfBatch} and b.queue = p_queue
      and ${where}`;
}

/** Looks the first name up, of messages and of batches. */
function next(s: string, from: string): string {
  return `v_name := least(
        (select m.queue from ${s}.queue_message m where m.queue ${from} order by m.queue, m.seq limit 1),
        (select b.queue from ${s}.queue_batch b where b.queue ${from} order by b.queue, b.leased_until limit 1));`;
}
