BEGIN TRANSACTION;
CREATE TABLE alias (
    registered INTEGER NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (registered, alias)
) WITHOUT ROWID;
CREATE TABLE artifact (
    kind INTEGER NOT NULL, owner TEXT NOT NULL, path TEXT NOT NULL, content BLOB NOT NULL,
    size_bytes INTEGER NOT NULL, media_type TEXT, created_ms INTEGER NOT NULL, node BLOB,
    is_value INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, owner, path)
) WITHOUT ROWID;
CREATE TABLE code (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT, record BLOB);
INSERT INTO "code" VALUES(1,X'1AFE33637968986DF9344E638F7D058F4387E914',NULL,NULL);
INSERT INTO "code" VALUES(2,X'7EE01C17C909A849399769F774406EA311E0C2FE','m:fit',X'7B7D');
CREATE TABLE dataset (
    n INTEGER PRIMARY KEY, experiment INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
    source_type TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT,
    content BLOB NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (experiment, name, digest)
);
CREATE TABLE edge (
    node INTEGER NOT NULL, slot INTEGER NOT NULL, name INTEGER NOT NULL, value INTEGER NOT NULL,
    source INTEGER, PRIMARY KEY (node, slot)
) WITHOUT ROWID;
INSERT INTO "edge" VALUES(1,-1,7,1,NULL);
INSERT INTO "edge" VALUES(1,1048576,8,3,NULL);
INSERT INTO "edge" VALUES(2,-2,12,5,NULL);
INSERT INTO "edge" VALUES(2,-1,7,2,NULL);
INSERT INTO "edge" VALUES(2,0,10,1,1);
INSERT INTO "edge" VALUES(2,1,11,4,NULL);
CREATE TABLE environment (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, record TEXT);
INSERT INTO "environment" VALUES(1,X'9ED408D3FDB6E840896FA9D46B0E8D145F8BA760','{"python": "3.11"}');
CREATE TABLE event (
    id TEXT PRIMARY KEY, time_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT NOT NULL, before TEXT, after TEXT, reason TEXT
) WITHOUT ROWID;
CREATE TABLE experiment (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    lifecycle INTEGER NOT NULL DEFAULT 0, artifact_location TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
);
INSERT INTO "experiment" VALUES(0,'Default',0,NULL,1795638568307,1795638568307);
INSERT INTO "experiment" VALUES(1,'m:flow',0,NULL,1000,1000);
CREATE TABLE experiment_tag (
    experiment INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)
) WITHOUT ROWID;
CREATE TABLE input (
    run INTEGER NOT NULL, dataset INTEGER NOT NULL, PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE TABLE input_tag (
    run INTEGER NOT NULL, dataset INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, dataset, key)
) WITHOUT ROWID;
CREATE TABLE latest (
    run INTEGER NOT NULL, key INTEGER NOT NULL, experiment INTEGER NOT NULL, value NOT NULL,
    step INTEGER NOT NULL, time_ms INTEGER NOT NULL, PRIMARY KEY (run, key)
) WITHOUT ROWID;
INSERT INTO "latest" VALUES(1,16,1,0.5,1,0);
CREATE TABLE link (
    run INTEGER NOT NULL, output INTEGER NOT NULL, model TEXT NOT NULL, step INTEGER NOT NULL,
    PRIMARY KEY (run, output, model)
) WITHOUT ROWID;
CREATE TABLE metric (
    run INTEGER NOT NULL, key INTEGER NOT NULL, time_ms INTEGER NOT NULL, step INTEGER NOT NULL,
    value NOT NULL, node BLOB, PRIMARY KEY (run, key, time_ms, step, value)
) WITHOUT ROWID;
INSERT INTO "metric" VALUES(1,16,0,1,0.5,NULL);
CREATE TABLE model (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL,
    name TEXT NOT NULL, model_type TEXT, source_run TEXT, status TEXT NOT NULL,
    status_message TEXT, lifecycle INTEGER NOT NULL DEFAULT 0, artifact_location TEXT,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, content BLOB
);
CREATE TABLE model_metric (
    model TEXT NOT NULL, key INTEGER NOT NULL, dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL, step INTEGER NOT NULL, time_ms INTEGER NOT NULL, value NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (model, key, dataset_name, dataset_digest, step, time_ms, value)
) WITHOUT ROWID;
CREATE TABLE model_param (
    model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE model_tag (
    model INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (model, key)
) WITHOUT ROWID;
CREATE TABLE node (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, call BLOB, operation INTEGER NOT NULL,
    kind INTEGER NOT NULL, code INTEGER, environment INTEGER, seed,
    wall_s REAL NOT NULL, cpu_s REAL NOT NULL, size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, irreproducible INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "node" VALUES(1,X'C1F4E7487410837CAD5E2979CF47B566995D5D78',X'1AA84294C79CB924E848864F5818D1E984E41098',5,6,1,1,NULL,0.25,0.125,1000,1700000000000,0);
INSERT INTO "node" VALUES(2,X'A3157755F79A1351404294065E744C4B0FEEC958',NULL,9,6,2,1,7,0.25,0.125,1000,1700000000000,0);
CREATE TABLE param (
    run INTEGER NOT NULL, key INTEGER NOT NULL, value TEXT NOT NULL, node BLOB,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE quarantine (n INTEGER PRIMARY KEY, id BLOB NOT NULL, content BLOB NOT NULL, damaged_s INTEGER NOT NULL);
CREATE TABLE registered (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT,
    last_version INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE TABLE registered_tag (
    registered INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (registered, key)
) WITHOUT ROWID;
CREATE TABLE "run" (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, flow INTEGER,
    experiment INTEGER NOT NULL, name TEXT NOT NULL, user TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL, lifecycle INTEGER NOT NULL DEFAULT 0, deleted_ms INTEGER,
    started_ms INTEGER NOT NULL, ended_ms INTEGER, artifact_uri TEXT,
    arguments TEXT NOT NULL DEFAULT '{}', context TEXT NOT NULL DEFAULT '{}',
    result BLOB, error TEXT
);
INSERT INTO "run" VALUES(1,'01RUN',13,1,'flow','root','finished',0,NULL,1000,2000,NULL,'{"bins": 10}','{}',X'2B9C1D73758FCB9AF13F58ABF66E1587AE553382',NULL);
CREATE TABLE saved_view (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, location TEXT NOT NULL, created_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE tag (
    run INTEGER NOT NULL, key INTEGER NOT NULL, value TEXT NOT NULL, node BLOB,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
INSERT INTO "tag" VALUES(1,1,'flow',NULL);
INSERT INTO "tag" VALUES(1,17,'Σ',NULL);
CREATE TABLE token (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL, created_by TEXT NOT NULL, expires_ms INTEGER,
    last_used_ms INTEGER, revoked_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE trace (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, experiment INTEGER NOT NULL,
    started_ms INTEGER NOT NULL, duration_ms INTEGER, state TEXT NOT NULL, info TEXT NOT NULL
);
CREATE TABLE trace_tag (
    trace INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (trace, key)
) WITHOUT ROWID;
CREATE TABLE use (
    run INTEGER NOT NULL, label TEXT NOT NULL, seq INTEGER NOT NULL, node,
    decision INTEGER NOT NULL, code INTEGER NOT NULL, text TEXT NOT NULL, fields TEXT,
    wall_s REAL NOT NULL, saved_s REAL NOT NULL, unknown BLOB, PRIMARY KEY (run, label)
) WITHOUT ROWID;
INSERT INTO "use" VALUES(1,'fit',1,2,0,15,'',NULL,1.0,0.0,NULL);
INSERT INTO "use" VALUES(1,'load',0,1,1,14,'seen before','{"a": 1}',0.5,2.0,NULL);
CREATE TABLE value (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, type INTEGER, preview TEXT, format INTEGER,
    size_bytes INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0
, content BLOB, used_s INTEGER);
INSERT INTO "value" VALUES(1,X'09D42FB601F79E2FC87E44EA9F7DD95014D59841',2,'''raw''',3,3,1,NULL,NULL);
INSERT INTO "value" VALUES(2,X'2B9C1D73758FCB9AF13F58ABF66E1587AE553382',4,NULL,NULL,0,0,NULL,NULL);
INSERT INTO "value" VALUES(3,X'5430DCBAB81D54614CD39B4763F9237B3F0D7990',NULL,NULL,NULL,0,0,NULL,NULL);
INSERT INTO "value" VALUES(4,X'1E5378FF6C8131E91A61D48A8B7F7741AADAF363',NULL,NULL,NULL,0,0,NULL,NULL);
INSERT INTO "value" VALUES(5,X'43EE48BEC2E1F9EFD750CE0BC86839496D3B980A',NULL,NULL,NULL,0,0,NULL,NULL);
CREATE TABLE version (
    registered INTEGER NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL, description TEXT, user TEXT, stage TEXT NOT NULL,
    source TEXT NOT NULL, run_id TEXT, run_link TEXT, model_id TEXT, status TEXT NOT NULL,
    status_message TEXT, content BLOB, node BLOB, PRIMARY KEY (registered, version)
) WITHOUT ROWID;
CREATE TABLE version_tag (
    registered INTEGER NOT NULL, version INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (registered, version, key)
) WITHOUT ROWID;
CREATE TABLE word (n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO "word" VALUES(1,'mlflow.runName');
INSERT INTO "word" VALUES(2,'builtins.str');
INSERT INTO "word" VALUES(3,'plain');
INSERT INTO "word" VALUES(4,'m.Model');
INSERT INTO "word" VALUES(5,'m:load');
INSERT INTO "word" VALUES(6,'step');
INSERT INTO "word" VALUES(7,'result');
INSERT INTO "word" VALUES(8,'file:in.csv');
INSERT INTO "word" VALUES(9,'m:fit');
INSERT INTO "word" VALUES(10,'argument_0');
INSERT INTO "word" VALUES(11,'argument_1');
INSERT INTO "word" VALUES(12,'result_1');
INSERT INTO "word" VALUES(13,'m:flow');
INSERT INTO "word" VALUES(14,'same-call');
INSERT INTO "word" VALUES(15,'new-call');
INSERT INTO "word" VALUES(16,'auc');
INSERT INTO "word" VALUES(17,'note');
CREATE INDEX value_id ON value (substr(id, 1, 4));
CREATE INDEX node_id ON node (substr(id, 1, 4));
CREATE INDEX node_call ON node (call) WHERE call IS NOT NULL;
CREATE INDEX node_operation ON node (operation, created_ms);
CREATE INDEX edge_source ON edge (source) WHERE source IS NOT NULL;
CREATE INDEX edge_value ON edge (value, slot) WHERE source IS NULL;
CREATE INDEX edge_read ON edge (name) WHERE slot >= 1048576;
CREATE INDEX use_node ON use (node) WHERE node IS NOT NULL;
CREATE INDEX latest_value ON latest (key, experiment, value);
CREATE INDEX dataset_name ON dataset (name, digest);
CREATE INDEX input_dataset ON input (dataset);
CREATE INDEX model_created ON model (experiment, created_ms);
CREATE INDEX model_run ON model (source_run) WHERE source_run IS NOT NULL;
CREATE INDEX model_metric_run ON model_metric (run);
CREATE INDEX version_updated ON version (updated_ms);
CREATE INDEX version_run ON version (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX artifact_content ON artifact (content);
CREATE INDEX trace_started ON trace (experiment, started_ms);
CREATE INDEX event_subject ON event (subject, id)
;
CREATE INDEX run_started ON run (started_ms);
CREATE INDEX run_flow ON run (flow, started_ms) WHERE flow IS NOT NULL;
CREATE INDEX run_experiment ON run (experiment, started_ms);
CREATE INDEX tag_value ON tag (key, substr(value, 1, 40));
CREATE INDEX run_running ON run (n) WHERE status IN ('running', 'scheduled')
;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('experiment',1);
INSERT INTO "sqlite_sequence" VALUES('run',1);
COMMIT;
PRAGMA application_id = 1668048247;
PRAGMA user_version = 5;
