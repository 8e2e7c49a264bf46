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

-- migration 2
-- The tables are written anew: SQLite cannot drop a constraint. A request_id now stands for one
-- request of one user of one tenant, and a take outlives the job that made it.
CREATE TABLE new_job (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,  -- age
  id         TEXT NOT NULL UNIQUE,
  tenant     TEXT NOT NULL DEFAULT '',
  user       TEXT NOT NULL,
  request_id TEXT NOT NULL,
  request    TEXT NOT NULL,                      -- SHA-256 of the whole request; '' not known
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
  off_peak   INTEGER NOT NULL DEFAULT 0,
  state      TEXT NOT NULL CHECK (state IN
               ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  held       TEXT NOT NULL DEFAULT '' CHECK (held IN ('', 'take', 'budget', 'policy', 'off-peak')),
  waits_for  TEXT REFERENCES job (id),
  not_before REAL,                               -- seconds since 1970: when a held job is let go
  queued     REAL,                               -- seconds since 1970: since when in the queue
  owner      TEXT NOT NULL DEFAULT '',           -- the worker that holds it, or did last
  device     TEXT NOT NULL DEFAULT '',
  lease_until REAL,                              -- on the monotonic clock of the process that owns
  begun      REAL,                               -- seconds since 1970: of the attempt in work
  stage      TEXT,
  doing      TEXT NOT NULL DEFAULT '',
  step       INTEGER NOT NULL DEFAULT 0,
  steps      INTEGER NOT NULL DEFAULT 0,
  attempt    INTEGER NOT NULL DEFAULT 0,
  losses     INTEGER NOT NULL DEFAULT 0,
  memory_plan INTEGER NOT NULL DEFAULT 0,        -- 0 full; one more after each out-of-memory
  cancelling INTEGER NOT NULL DEFAULT 0,
  reused     INTEGER NOT NULL DEFAULT 0,
  error      TEXT,                               -- JSON
  sequence   INTEGER NOT NULL DEFAULT 0,
  oldest     INTEGER NOT NULL DEFAULT 1,         -- first event that is kept
  timings    TEXT NOT NULL DEFAULT '{}',         -- JSON, seconds by stage
  estimate   TEXT,                               -- JSON
  device_seconds REAL NOT NULL DEFAULT 0,        -- of all attempts that ended
  cost       INTEGER NOT NULL DEFAULT 0,         -- millionths of the currency
  currency   TEXT NOT NULL DEFAULT '',
  created    REAL NOT NULL,                      -- seconds since 1970, UTC
  started    REAL,
  finished   REAL
) STRICT;

-- The hash of a request was made otherwise before: what was recorded is taken at its word.
INSERT INTO new_job (number, id, user, request_id, request, project, timeline, shot, name,
    operation, engine, take, draft, plan, digest, priority, state, held, waits_for, queued, stage,
    doing, step, steps, attempt, losses, cancelling, reused, error, sequence, timings, created,
    started, finished)
  SELECT number, id, user, request_id, '', project, timeline, shot, name,
    operation, engine, take, draft, plan, digest, priority, state,
    CASE WHEN state = 'waiting' THEN 'take' ELSE '' END, waits_for, created, stage,
    doing, step, steps, attempt, losses, cancelling, reused, error, sequence, timings, created,
    started, finished FROM job;

CREATE TABLE new_result (
  digest  TEXT PRIMARY KEY,
  job     TEXT NOT NULL,                         -- that made it; it may be forgotten by now
  record  TEXT NOT NULL,                         -- JSON, paths relative to the data folder
  created REAL NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_result SELECT digest, job, record, created FROM result;

DROP TABLE result;
ALTER TABLE new_result RENAME TO result;
DROP TABLE job;
ALTER TABLE new_job RENAME TO job;

CREATE UNIQUE INDEX job_by_request ON job (tenant, user, request_id);
CREATE INDEX job_by_digest ON job (digest, state);
CREATE INDEX job_by_leader ON job (waits_for) WHERE waits_for IS NOT NULL;
-- One line a person and class of priority, in the order in which its jobs came.
CREATE INDEX job_by_line ON job (priority, tenant, user, queued, number) WHERE state = 'queued';
CREATE INDEX job_by_lease ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_by_release ON job (held, not_before) WHERE state = 'waiting';
CREATE INDEX job_off_peak ON job (number) WHERE state = 'queued' AND off_peak = 1;
CREATE INDEX job_open ON job (tenant, user, state)
  WHERE state IN ('queued', 'running', 'waiting');
CREATE INDEX job_by_end ON job (finished) WHERE finished IS NOT NULL;
CREATE INDEX job_by_tenant ON job (tenant, number);

-- When a person's last job of a class was begun: the turn goes round.
CREATE TABLE served (
  tenant   TEXT NOT NULL,
  user     TEXT NOT NULL,
  priority INTEGER NOT NULL,
  time     REAL NOT NULL,                        -- seconds since 1970
  PRIMARY KEY (tenant, user, priority)
) STRICT, WITHOUT ROWID;
