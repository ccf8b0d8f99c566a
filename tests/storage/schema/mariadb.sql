CREATE TABLE schoolauth_users (
  id VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
  school VARCHAR(40) NOT NULL,
  school_key VARCHAR(40) COLLATE utf8mb4_nopad_bin NOT NULL,
  username VARCHAR(64) NOT NULL,
  username_key VARCHAR(80) COLLATE utf8mb4_nopad_bin NOT NULL,
  email VARCHAR(254),
  email_key VARCHAR(254) COLLATE utf8mb4_nopad_bin,
  mis_key VARCHAR(200) COLLATE utf8mb4_nopad_bin,
  given_name VARCHAR(100) NOT NULL,
  family_name VARCHAR(100) NOT NULL,
  role VARCHAR(20) NOT NULL,
  status VARCHAR(20) NOT NULL,
  status_since BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_login_at BIGINT,
  must_change_password BOOL NOT NULL,
  superseded_by VARCHAR(64) COLLATE utf8mb4_nopad_bin,
  legal_hold BOOL NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  password VARCHAR(512),
  search_text TEXT COLLATE utf8mb4_nopad_bin NOT NULL,
  CONSTRAINT pk_schoolauth_users PRIMARY KEY (id),
  CONSTRAINT uq_schoolauth_users_username_key UNIQUE (username_key),
  CONSTRAINT uq_schoolauth_users_email_key UNIQUE (email_key),
  CONSTRAINT uq_schoolauth_users_mis_key UNIQUE (mis_key)
)ENGINE=InnoDB CHARSET=utf8mb4;

CREATE INDEX ix_schoolauth_users_school ON schoolauth_users (school_key, username_key);

CREATE TABLE schoolauth_events (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  kind VARCHAR(40) NOT NULL,
  at BIGINT NOT NULL,
  actor VARCHAR(120) NOT NULL,
  school_key VARCHAR(40) COLLATE utf8mb4_nopad_bin,
  user_id VARCHAR(64) COLLATE utf8mb4_nopad_bin,
  details TEXT NOT NULL,
  CONSTRAINT pk_schoolauth_events PRIMARY KEY (seq)
)ENGINE=InnoDB CHARSET=utf8mb4;

CREATE INDEX ix_schoolauth_events_school ON schoolauth_events (school_key, seq);

CREATE INDEX ix_schoolauth_events_user ON schoolauth_events (user_id, seq);

CREATE TABLE schoolauth_schools (
  code_key VARCHAR(40) COLLATE utf8mb4_nopad_bin NOT NULL,
  code VARCHAR(40) NOT NULL,
  name VARCHAR(100) NOT NULL,
  headteacher_email VARCHAR(254),
  headteacher_email_key VARCHAR(254) COLLATE utf8mb4_nopad_bin,
  deputy_email VARCHAR(254),
  deputy_email_key VARCHAR(254) COLLATE utf8mb4_nopad_bin,
  CONSTRAINT pk_schoolauth_schools PRIMARY KEY (code_key)
)ENGINE=InnoDB CHARSET=utf8mb4;

CREATE TABLE schoolauth_gate (
  id INTEGER NOT NULL,
  CONSTRAINT pk_schoolauth_gate PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4;

CREATE TABLE schoolauth_counts (
  bucket VARCHAR(100) COLLATE utf8mb4_nopad_bin NOT NULL,
  numbers VARCHAR(200) NOT NULL,
  over_at BIGINT NOT NULL,
  CONSTRAINT pk_schoolauth_counts PRIMARY KEY (bucket)
)ENGINE=InnoDB CHARSET=utf8mb4;

CREATE INDEX ix_schoolauth_counts_over_at ON schoolauth_counts (over_at);

INSERT INTO schoolauth_gate (id) VALUES (1);
