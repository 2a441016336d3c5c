/** Sessions that must live. @param s the schema as a quoted identifier */
export const operationFunctions = (s: string): string => `
create or replace function ${s}.check_session(p_session text) returns void language plpgsql as $$
begin
  if p_session is null then return; end if;
  perform 1 from ${s}.session where id = p_session and deadline > clock_timestamp();
  if not found then raise exception 'session lost' using errcode = 'QU001', detail = p_session; end if;
end $$;
`;
