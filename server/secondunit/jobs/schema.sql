-- The job store. Migrations are appended below a line `-- migration N`, never edited.

-- migration 1
CREATE TABLE job (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,  -- age
  id         TEXT NOT NULL UNIQUE,
  user       TEXT NOT NULL,
  request_id TEXT NOT NULL,
  request    TEXT NOT NULL,                      -- SHA-256 of the whole request
  project    TEXT NOT NULL,
  timeline   TEXT NOT NULL,
  shot       TEXT NOT NULL,
  name       TEXT NOT NULL,
  operation  TEXT NOT NULL,
  engine     TEXT NOT NULL,
  take       INTEGER NOT NULL,
  draft      INTEGER NOT NULL,
  plan       TEXT NOT NULL,                      -- JSON
  digest     TEXT NOT NULL,
  priority   INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN
               ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  waits_for  TEXT REFERENCES job (id),
  stage      TEXT,
  doing      TEXT NOT NULL DEFAULT '',
  step       INTEGER NOT NULL DEFAULT 0,
  steps      INTEGER NOT NULL DEFAULT 0,
  attempt    INTEGER NOT NULL DEFAULT 0,
  losses     INTEGER NOT NULL DEFAULT 0,
  cancelling INTEGER NOT NULL DEFAULT 0,
  reused     INTEGER NOT NULL DEFAULT 0,
  error      TEXT,                               -- JSON
  sequence   INTEGER NOT NULL DEFAULT 0,
  timings    TEXT NOT NULL DEFAULT '{}',         -- JSON, seconds by stage
  created    REAL NOT NULL,                      -- seconds since 1970, UTC
  started    REAL,
  finished   REAL,
  UNIQUE (user, request_id)
) STRICT;

CREATE INDEX job_by_claim ON job (state, priority, number);
CREATE INDEX job_by_digest ON job (digest, state);
CREATE INDEX job_by_leader ON job (waits_for) WHERE waits_for IS NOT NULL;

CREATE TABLE event (
  job      TEXT NOT NULL REFERENCES job (id),
  sequence INTEGER NOT NULL,
  time     REAL NOT NULL,
  kind     TEXT NOT NULL,
  payload  TEXT NOT NULL,                        -- JSON
  PRIMARY KEY (job, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  job     TEXT NOT NULL REFERENCES job (id),
  stage   TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  seconds REAL NOT NULL,
  payload TEXT NOT NULL,                         -- JSON
  PRIMARY KEY (job, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE result (
  digest  TEXT PRIMARY KEY,
  job     TEXT NOT NULL REFERENCES job (id),
  record  TEXT NOT NULL,                         -- JSON, paths relative to the data folder
  created REAL NOT NULL
) STRICT, WITHOUT ROWID;
