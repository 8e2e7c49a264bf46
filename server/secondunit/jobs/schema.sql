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

-- migration 3
-- What was spent. Only added to, and kept when its jobs are forgotten.
CREATE TABLE ledger (
  number         INTEGER PRIMARY KEY AUTOINCREMENT,
  time           REAL NOT NULL,                  -- seconds since 1970, when it was charged
  job            TEXT NOT NULL,                  -- which may be forgotten by now
  tenant         TEXT NOT NULL,
  user           TEXT NOT NULL,
  project        TEXT NOT NULL,
  timeline       TEXT NOT NULL,
  shot           TEXT NOT NULL,
  name           TEXT NOT NULL,
  operation      TEXT NOT NULL,
  engine         TEXT NOT NULL,
  weights        TEXT NOT NULL,                  -- SHA-256 of the engine's
  take           INTEGER NOT NULL,
  draft          INTEGER NOT NULL,
  device         TEXT NOT NULL,
  stage          TEXT NOT NULL,                  -- that was done; '' for the rest of an attempt
  attempt        INTEGER NOT NULL,
  last           INTEGER NOT NULL,               -- 1: the job ended with it
  seconds        REAL NOT NULL,                  -- the stage's own
  device_seconds REAL NOT NULL,                  -- in which the device was held: what is paid for
  frames         INTEGER NOT NULL,               -- that the cut shows
  rate_num       INTEGER NOT NULL,
  rate_den       INTEGER NOT NULL,
  pixels         INTEGER NOT NULL,               -- of a delivered frame
  cost           INTEGER,                        -- millionths of the currency; NULL: no price
  currency       TEXT NOT NULL,
  outcome        TEXT NOT NULL CHECK (outcome IN
                   ('done', 'lost', 'stopped', 'failed', 'cancelled', 'reused'))
) STRICT;

CREATE INDEX ledger_by_attempt ON ledger (job, attempt);
CREATE INDEX ledger_by_time ON ledger (tenant, time);
-- A job ends once.
CREATE UNIQUE INDEX ledger_by_end ON ledger (job) WHERE last = 1;

-- The ledger's sums, so that a budget is looked up and not added up.
CREATE TABLE spent (
  tenant         TEXT NOT NULL,
  project        TEXT NOT NULL,
  user           TEXT NOT NULL,
  currency       TEXT NOT NULL,
  cost           INTEGER NOT NULL,
  device_seconds REAL NOT NULL,
  PRIMARY KEY (tenant, project, user, currency)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_adds_up AFTER INSERT ON ledger BEGIN
  INSERT INTO spent VALUES (NEW.tenant, NEW.project, NEW.user, NEW.currency,
      coalesce(NEW.cost, 0), NEW.device_seconds)
    ON CONFLICT DO UPDATE SET cost = cost + excluded.cost,
      device_seconds = device_seconds + excluded.device_seconds;
END;

CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TRIGGER ledger_is_not_shortened BEFORE DELETE ON ledger BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TABLE budget (
  tenant         TEXT NOT NULL,
  project        TEXT NOT NULL,                  -- '': all of a user's
  user           TEXT NOT NULL,                  -- '': everybody's of a project
  cost           INTEGER,                        -- millionths; NULL: not limited so
  currency       TEXT NOT NULL,
  device_seconds REAL,                           -- NULL: not limited so
  PRIMARY KEY (tenant, project, user)
) STRICT, WITHOUT ROWID;

-- Jobs that were made in one go: what estimates are learned from.
CREATE TABLE run (
  number     INTEGER PRIMARY KEY,
  time       REAL NOT NULL,
  engine     TEXT NOT NULL,
  operation  TEXT NOT NULL,
  draft      INTEGER NOT NULL,
  device     TEXT NOT NULL,
  delivery   TEXT NOT NULL,
  made       REAL NOT NULL,                      -- megapixels by the engine, at its own size
  finished   REAL NOT NULL,                      -- megapixels of the file
  cold       INTEGER NOT NULL,                   -- 1: the engine was loaded first
  seconds    REAL NOT NULL,
  file_bytes INTEGER NOT NULL
) STRICT;

CREATE INDEX run_by_engine ON run (engine, number);
-- Work that was begun holds back what it is expected to cost.
CREATE INDEX job_begun ON job (number) WHERE attempt > 0 AND state IN ('queued', 'running');
CREATE INDEX job_by_budget ON job (tenant, project, user, number)
  WHERE state = 'waiting' AND held = 'budget';

-- migration 4
-- Thousands of bytes that never change, apart from the row that changes with every step.
CREATE TABLE plan (
  job    TEXT PRIMARY KEY,
  record TEXT NOT NULL                           -- JSON
) STRICT, WITHOUT ROWID;

INSERT INTO plan SELECT id, plan FROM job;
ALTER TABLE job DROP COLUMN plan;

-- migration 5
-- A line of the ledger is written at each stage, so each thing that it touches is paid for often.
-- It is never removed, so its numbers need no table of their own; and what an attempt was charged
-- stands in its job.
CREATE TABLE new_ledger (
  number         INTEGER PRIMARY KEY,
  time           REAL NOT NULL,                  -- seconds since 1970, when it was charged
  job            TEXT NOT NULL,                  -- which may be forgotten by now
  tenant         TEXT NOT NULL,
  user           TEXT NOT NULL,
  project        TEXT NOT NULL,
  timeline       TEXT NOT NULL,
  shot           TEXT NOT NULL,
  name           TEXT NOT NULL,
  operation      TEXT NOT NULL,
  engine         TEXT NOT NULL,
  weights        TEXT NOT NULL,                  -- SHA-256 of the engine's
  take           INTEGER NOT NULL,
  draft          INTEGER NOT NULL,
  device         TEXT NOT NULL,
  stage          TEXT NOT NULL,                  -- that was done; '' for the rest of an attempt
  attempt        INTEGER NOT NULL,
  last           INTEGER NOT NULL,               -- 1: the job ended with it
  seconds        REAL NOT NULL,                  -- the stage's own
  device_seconds REAL NOT NULL,                  -- in which the device was held: what is paid for
  frames         INTEGER NOT NULL,               -- that the cut shows
  rate_num       INTEGER NOT NULL,
  rate_den       INTEGER NOT NULL,
  pixels         INTEGER NOT NULL,               -- of a delivered frame
  cost           INTEGER,                        -- millionths of the currency; NULL: no price
  currency       TEXT NOT NULL,
  outcome        TEXT NOT NULL CHECK (outcome IN
                   ('done', 'lost', 'stopped', 'failed', 'cancelled', 'reused'))
) STRICT;

INSERT INTO new_ledger SELECT * FROM ledger;
DROP TABLE ledger;
ALTER TABLE new_ledger RENAME TO ledger;

CREATE INDEX ledger_by_time ON ledger (tenant, time);
-- A job ends once.
CREATE UNIQUE INDEX ledger_by_end ON ledger (job) WHERE last = 1;

CREATE TRIGGER ledger_adds_up AFTER INSERT ON ledger BEGIN
  INSERT INTO spent VALUES (NEW.tenant, NEW.project, NEW.user, NEW.currency,
      coalesce(NEW.cost, 0), NEW.device_seconds)
    ON CONFLICT DO UPDATE SET cost = cost + excluded.cost,
      device_seconds = device_seconds + excluded.device_seconds;
END;

CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;

CREATE TRIGGER ledger_is_not_shortened BEFORE DELETE ON ledger BEGIN
  SELECT RAISE(ABORT, 'the ledger is only added to');
END;
