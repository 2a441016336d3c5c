/** Leases as they come: a message's number where its id tells it, its id, and the token. */
export const handleParameters = 'p_queue text[], p_seq bigint[], p_id text[], p_token bigint[]';

/** A number where the id tells it, and the token: 0 before the first lease, which nobody holds. */
const bySeq = 'm.queue = u.queue and m.seq = u.seq and m.token = u.token and u.token > 0';
const byId = 'm.queue = u.queue and m.id = u.id and m.token = u.token and u.token > 0';

/**
 * Leases that are extended or over. Whoever touches several messages does so in one order, so that nobody waits for whom it keeps
 * waiting: those without a key, the locks of keys, and those with a key; of either kind those whose ids tell their numbers first, each
 * in the order of their places.
 *
 * @param s the schema as a quoted identifier
 */
export const queueHandles = (s: string): string => `
-- The messages of leases that stand: where they stand among those asked for, and what is their number and key.
create or replace function ${s}.queue_held(${handleParameters}) returns table (n bigint, seq bigint, key text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
begin
  return query
    select u.n, m.seq, m.key from unnest(p_queue, p_seq, p_token) with ordinality u(queue, seq, token, n)
      join ${s}.queue_message m on ${bySeq}
    union all
    select u.n, m.seq, m.key from unnest(p_queue, p_id, p_token) with ordinality u(queue, id, token, n)
      join ${s}.queue_message m on ${byId};
end $$;

-- Moves leases' ends; says whose.
create or replace function ${s}.queue_extend(${handleParameters}, p_charges integer[], p_lease_ms bigint) returns bigint[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_now bigint := ${s}.queue_now(); v_done bigint[] := '{}';
begin
  perform ${s}.queue_unpack_leases(p_token);
  ${extend(s, 'p_seq', 'seq', `${bySeq} and m.key is null`)}
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  ${extend(s, 'p_id', 'id', `${byId} and m.key is null and u.n <> all(v_done)`)}
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  ${extend(s, 'p_seq', 'seq', `${bySeq} and m.key is not null`)}
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  ${extend(s, 'p_id', 'id', `${byId} and m.key is not null and u.n <> all(v_done)`)}
  return v_done;
end $$;

-- Acknowledges leases; says whose.
create or replace function ${s}.queue_acknowledge(${handleParameters}) returns bigint[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_done bigint[] := ${s}.queue_acknowledge_batched(p_queue, p_token); v_more bigint[]; v_queues text[]; v_keys text[]; v_seqs bigint[]; v_places bigint[];
begin
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  -- Most have no key, and nobody waits for them.
  if p_seq is not null then
    with gone as (
      delete from ${s}.queue_message m using unnest(p_queue, p_seq, p_token) with ordinality u(queue, seq, token, n)
        where ${bySeq} and m.key is null returning u.n
    )
    select v_done || array_agg(gone.n) into v_done from gone;
  end if;
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  with gone as (
    delete from ${s}.queue_message m using unnest(p_queue, p_id, p_token) with ordinality u(queue, id, token, n)
      where ${byId} and m.key is null returning u.n
  )
  select v_done || array_agg(gone.n) into v_done from gone;
  if cardinality(v_done) = cardinality(p_queue) then return v_done; end if;
  select array_agg(p_queue[h.n]), array_agg(h.key), array_agg(h.seq), array_agg(h.n)
    into v_queues, v_keys, v_seqs, v_places from ${s}.queue_held(p_queue, p_seq, p_id, p_token) h;
  if v_places is null then return v_done; end if;
  perform ${s}.queue_lock_keys(v_queues, v_keys);
  with gone as (
    delete from ${s}.queue_message m using unnest(v_queues, v_seqs, v_places) u(queue, seq, n)
      where m.queue = u.queue and m.seq = u.seq and m.token = p_token[u.n] returning u.n
  )
  select array_agg(gone.n) into v_more from gone;
  perform ${s}.queue_let_out(v_queues, v_keys);
  perform ${s}.queue_tell(array(select u.queue from unnest(v_queues, v_keys) u(queue, key) where u.key is not null));
  return v_done || v_more;
end $$;
`;

/** Extends the leases that are found one way. */
function extend(s: string, values: string, column: string, found: string): string {
  return `with extended as (
    update ${s}.queue_message m
      set state = 1, leased_until = v_now + p_lease_ms, attempts = m.attempts + u.charges,
        check_at = case when m.state = 1 and m.check_at > v_now then least(m.check_at, v_now + p_lease_ms) else v_now + p_lease_ms end
      from unnest(p_queue, ${values}, p_token, p_charges) with ordinality u(queue, ${column}, token, charges, n)
      where ${found}
    returning u.n
  )
  select v_done || array_agg(extended.n) into v_done from extended;`;
}
