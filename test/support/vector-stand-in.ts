/**
 * A type and an access method under pgvector's names, made of what every Postgres has: the type keeps the bytes that it
 * receives as they are and declares its dimensions, and the index method is a hash. Enough for what goes on around
 * vectors where the extension is not at hand; what the bytes mean is tested with the extension itself.
 */
export const vectorStandIn = `
  SET client_min_messages = warning;
  CREATE TYPE vector;
  CREATE FUNCTION vector_in(cstring) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
  CREATE FUNCTION vector_out(vector) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
  CREATE FUNCTION vector_recv(internal) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'bytearecv';
  CREATE FUNCTION vector_send(vector) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
  CREATE FUNCTION vector_typmod_in(cstring[]) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'bittypmodin';
  CREATE FUNCTION vector_typmod_out(integer) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'bittypmodout';
  CREATE TYPE vector (INPUT = vector_in, OUTPUT = vector_out, RECEIVE = vector_recv, SEND = vector_send,
    TYPMOD_IN = vector_typmod_in, TYPMOD_OUT = vector_typmod_out, STORAGE = external);
  CREATE FUNCTION vector_eq(vector, vector) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'byteaeq';
  CREATE FUNCTION vector_hash(vector) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'hashvarlena';
  CREATE OPERATOR = (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_eq);
  CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hashhandler;
  CREATE OPERATOR CLASS vector_l2_ops DEFAULT FOR TYPE vector USING hnsw
    AS OPERATOR 1 =, FUNCTION 1 vector_hash(vector);
  RESET client_min_messages`;
