BEGIN TRANSACTION;
CREATE TABLE chunks (
    run_id         TEXT NOT NULL,
    chunk          INTEGER NOT NULL,
    origin         TEXT NOT NULL,
    state          TEXT NOT NULL,
    requests       INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    tokens         INTEGER NOT NULL,
    sha256         TEXT NOT NULL,
    attempt        INTEGER NOT NULL DEFAULT 1,
    file_id        TEXT,
    batch_id       TEXT,
    batch_status   TEXT,
    output_file_id TEXT,
    error_file_id  TEXT,
    expires_at     INTEGER,
    account        TEXT,
    row_states     BLOB,
    ok             INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    cleaned        INTEGER NOT NULL DEFAULT 0,
    input_tokens   INTEGER NOT NULL DEFAULT 0,
    output_tokens  INTEGER NOT NULL DEFAULT 0,
    cached_tokens  INTEGER NOT NULL DEFAULT 0, model TEXT, inputs INTEGER NOT NULL DEFAULT 0, intended_at INTEGER, reloads INTEGER NOT NULL DEFAULT 0, unexplained INTEGER NOT NULL DEFAULT 0, repaired INTEGER NOT NULL DEFAULT 0, has_followed INTEGER NOT NULL DEFAULT 0, followed_ok INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, chunk)
  ) STRICT;
INSERT INTO "chunks" VALUES('20261128-190000-8a8a8a',1,'read','downloaded',2,312,26,'5c7de8ee28dbc099592a47ef52944475238615ce7e8138272deac1c32c503c7c',1,'file-94b2c2b97e59daeed918d02fcebea1ff','batch_a7aa628137e90e74477a190039c368d7','completed','file-1e8ddb2e2591916a660d80b50a526ee4',NULL,1790086400000,'62445bb5e238593d08029cccc3e8472f528885e5c5fb51b36d158d9e76223c9e',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,1790000000000,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20261128-190000-8a8a8a',2,'read','uploading',2,291,22,'b9a0086fcfad65857b4c3ba6406a492078aa5b6b28d414026d048c3744fcfea7',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,0,NULL,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20261128-190000-8a8a8a',3,'read','sealed',2,290,21,'1273530603d712cb970ef368d67d71f57f34c7724f6ef76556110718a18d8e35',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,0,NULL,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260101-000000-aaaaaa',1,'read','loaded',2,10,5,'s1',2,'file-in','batch_1','completed','file-out','file-err',NULL,'acc',X'0102',1,1,1,7,8,1,NULL,0,NULL,0,0,1,1,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',1,'read','sealed',2,10,5,'s1',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,0,NULL,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',2,'read','uploading',2,10,5,'s2',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,0,NULL,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',3,'read','uploaded',2,10,5,'s3',1,'file-3',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,NULL,0,NULL,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',4,'read','creating',2,10,5,'s4',1,'file-4',NULL,NULL,NULL,NULL,NULL,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3004,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',5,'read','submitted',2,10,5,'s5',1,'file-5','batch-5','in_progress',NULL,NULL,90000,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3005,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',6,'read','ended',2,10,5,'s6',1,'file-6','batch-6','completed','out-6',NULL,90000,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3006,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',7,'read','downloaded',2,10,5,'s7',1,'file-7','batch-7','completed',NULL,'err-7',90000,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3007,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',8,'read','loaded',2,10,5,'s8',1,'file-8','batch-8','completed','out-8','err-8',90000,'acc',X'0000',0,0,0,0,0,0,'gpt-4o-mini',0,3008,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',9,'read','refused',2,10,5,'s9',1,'file-9','batch-9','failed',NULL,NULL,90000,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3009,0,0,0,0,0);
INSERT INTO "chunks" VALUES('20260102-000000-bbbbbb',10,'read','superseded',2,10,5,'s10',1,NULL,NULL,NULL,NULL,NULL,NULL,'acc',NULL,0,0,0,0,0,0,'gpt-4o-mini',0,3010,0,0,0,0,0);
CREATE TABLE creates (
    account TEXT NOT NULL,
    at      INTEGER NOT NULL
  ) STRICT;
INSERT INTO "creates" VALUES('acc',3004);
INSERT INTO "creates" VALUES('acc',3005);
INSERT INTO "creates" VALUES('acc',3006);
INSERT INTO "creates" VALUES('acc',3007);
INSERT INTO "creates" VALUES('acc',3008);
INSERT INTO "creates" VALUES('acc',3009);
INSERT INTO "creates" VALUES('acc',3010);
CREATE TABLE failed_rows (
    run_id       TEXT NOT NULL,
    custom_id    TEXT NOT NULL,
    pipeline     TEXT NOT NULL,
    key          TEXT NOT NULL,
    stage        TEXT NOT NULL,
    code         TEXT NOT NULL,
    message      TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    chunk        INTEGER,
    batch_id     TEXT,
    request_hash TEXT,
    request      TEXT, same_as TEXT,
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
INSERT INTO "failed_rows" VALUES('20260101-000000-aaaaaa','unsent','notes','["unsent"]','render','invalid_request','No unsent.',1,NULL,NULL,'h','{"custom_id":"x"}',NULL);
INSERT INTO "failed_rows" VALUES('20260101-000000-aaaaaa','b','notes','["b"]','request','invalid_request','No b.',1,1,'batch_1','h','{"custom_id":"x"}',NULL);
INSERT INTO "failed_rows" VALUES('20260101-000000-aaaaaa','c','notes','["c"]','request','invalid_request','No c.',1,1,'batch_1','h','{"custom_id":"x"}','b');
CREATE TABLE runs (
    run_id            TEXT PRIMARY KEY,
    pipeline          TEXT NOT NULL,
    kind              TEXT NOT NULL,
    status            TEXT NOT NULL,
    fingerprint       TEXT NOT NULL,
    fingerprint_parts TEXT NOT NULL,
    folder            TEXT NOT NULL,
    target            TEXT NOT NULL,
    path              TEXT NOT NULL,
    source_schema     TEXT NOT NULL,
    started_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    worked_ms         INTEGER NOT NULL DEFAULT 0,
    reading_finished  INTEGER NOT NULL DEFAULT 0,
    read_cursor       TEXT,
    records           INTEGER NOT NULL DEFAULT 0,
    read              INTEGER NOT NULL DEFAULT 0,
    filtered          INTEGER NOT NULL DEFAULT 0,
    skipped           INTEGER NOT NULL DEFAULT 0
  , cancel_requested INTEGER NOT NULL DEFAULT 0, selection TEXT, followers INTEGER NOT NULL DEFAULT 0, follower_bytes INTEGER NOT NULL DEFAULT 0, partly_read TEXT) STRICT;
INSERT INTO "runs" VALUES('20261128-190000-8a8a8a','tags','run','interrupted','a23ca13e81bace7aa553d3101ff9a445df32a8f4d3fad46269d2360b04fbc9bd','{"provider.base_url":"\"emulator\"","provider.type":"\"openai\"","request.dedupe":"false","request.endpoint":"\"/v1/chat/completions\"","request.model":"\"gpt-4o-mini\"","request.prompt":"\"{{ text }}\"","source files.tickets.csv":"\"103 1790000000000\"","source.delimiter":"\",\"","source.encoding":"\"utf8\"","source.header":"true","source.key":"\"id\"","source.key_mode":"\"auto\"","source.on_bad_record":"\"error\"","source.on_duplicate_key":"\"error\"","source.path":"\"tickets.csv\"","source.quote":"\"\\\"\"","source.type":"\"csv\""}','@PROJECT@/.pipeline/runs/20261128-190000-8a8a8a','@PROJECT@/tags.jsonl','@PROJECT@/pipeline.yaml','{"fields":[{"name":"text","kind":"text","sqlType":"text"}],"keyFields":[{"name":"id","kind":"text","sqlType":"text"}]}',1790000000000,1790000100000,1000,1,NULL,6,6,0,0,0,'{}',0,0,NULL);
INSERT INTO "runs" VALUES('20260101-000000-aaaaaa','notes','run','completed_with_failures','f','{"request.model":"\"gpt-4o-mini\""}','@PROJECT@/.pipeline/runs/20260101-000000-aaaaaa','notes','@PROJECT@/notes.yaml','{"fields":[{"name":"body","kind":"text","sqlType":"text"}],"keyFields":[{"name":"id","kind":"integer","sqlType":"bigint"}]}',1000,5000,1234,1,'2',3,3,0,0,0,'{"window":{"cursor":"at","lag":null,"low":null,"high":"9","scope":"notes","moves":true}}',1,20,NULL);
INSERT INTO "runs" VALUES('20260102-000000-bbbbbb','notes','run','interrupted','f','{"request.model":"\"gpt-4o-mini\""}','@PROJECT@/.pipeline/runs/20260102-000000-bbbbbb','notes','@PROJECT@/notes.yaml','{"fields":[{"name":"body","kind":"text","sqlType":"text"}],"keyFields":[{"name":"id","kind":"integer","sqlType":"bigint"}]}',2000,6000,0,0,'10',20,20,0,0,0,'{"window":{"cursor":"at","lag":null,"low":null,"high":"9","scope":"notes","moves":true}}',0,0,'[{"key":"k","done":1,"of":3}]');
CREATE TABLE token_caps (
    account    TEXT NOT NULL,
    model      TEXT NOT NULL,
    configured INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    is_stated  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account, model, configured)
  ) STRICT;
INSERT INTO "token_caps" VALUES('acc','gpt-4o-mini',0,12,1,4000);
CREATE TABLE token_usage (
    model     TEXT PRIMARY KEY,
    estimated REAL NOT NULL,
    reported  REAL NOT NULL
  ) STRICT;
INSERT INTO "token_usage" VALUES('gpt-4o-mini',69.0,69.0);
CREATE TABLE unfinished_rows (
    run_id      TEXT NOT NULL,
    custom_id   TEXT NOT NULL,
    chunk       INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    waiting     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    submissions INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    since       INTEGER NOT NULL, answer_at INTEGER, answer_bytes INTEGER, is_reasking INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, custom_id)
  ) STRICT;
INSERT INTO "unfinished_rows" VALUES('20260102-000000-bbbbbb','w0',8,0,1,1,1,'invalid_json','later',4000,3,4,0);
INSERT INTO "unfinished_rows" VALUES('20260102-000000-bbbbbb','w1',8,1,1,1,1,'server_error','later',3000,NULL,NULL,1);
CREATE TABLE watermarks (
    pipeline   TEXT NOT NULL,
    scope      TEXT NOT NULL,
    low        TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (pipeline, scope)
  ) STRICT;
INSERT INTO "watermarks" VALUES('notes','notes','9','20260101-000000-aaaaaa',1000);
CREATE INDEX runs_by_pipeline ON runs (pipeline, started_at);
CREATE INDEX failed_rows_by_request ON failed_rows (pipeline, custom_id, request_hash);
CREATE INDEX unfinished_rows_by_chunk ON unfinished_rows (run_id, chunk, line);
CREATE INDEX chunks_at_provider ON chunks (account) WHERE state IN ('creating', 'submitted');
CREATE INDEX creates_by_account ON creates (account, at);
CREATE INDEX failed_rows_by_chunk ON failed_rows (run_id, chunk);
CREATE INDEX failed_rows_by_leader ON failed_rows (run_id, same_as) WHERE same_as IS NOT NULL;
COMMIT;
PRAGMA user_version = 8;
