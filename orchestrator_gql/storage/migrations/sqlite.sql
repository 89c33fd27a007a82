-- Written by `make schema` from the migrations: do not edit.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0027');
CREATE TABLE audit (
	id CHAR(32) NOT NULL, 
	chain CHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor TEXT, 
	action VARCHAR(64) NOT NULL, 
	details TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, seal INTEGER, address TEXT, method TEXT, 
	CONSTRAINT pk_audit PRIMARY KEY (id), 
	CONSTRAINT uq_audit_place UNIQUE (chain, seq)
);
CREATE TABLE audit_seals (
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	entries INTEGER NOT NULL, 
	heads TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_seals PRIMARY KEY (seq)
);
CREATE TABLE callback_attempts (
	id CHAR(32) NOT NULL, 
	callback_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	peer TEXT, 
	outcome VARCHAR(32) NOT NULL, 
	bytes BIGINT NOT NULL, 
	media_type TEXT, 
	digest VARCHAR(64), 
	body BLOB, 
	error TEXT, 
	receipt TEXT, is_failure BOOLEAN DEFAULT 0 NOT NULL, service TEXT, 
	CONSTRAINT ck_callback_attempts_outcome CHECK (outcome IN ('ACCEPTED', 'DUPLICATE', 'CONFLICT', 'LATE', 'WITHDRAWN', 'INVALID', 'MALFORMED', 'UNSUPPORTED_TYPE', 'TOO_LARGE', 'UNAUTHENTICATED', 'FORBIDDEN_ADDRESS')), 
	CONSTRAINT fk_callback_attempts_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT pk_callback_attempts PRIMARY KEY (id)
);
CREATE TABLE callback_keys (
	digest BLOB NOT NULL, 
	callback_id CHAR(32) NOT NULL, 
	CONSTRAINT fk_callback_keys_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT pk_callback_keys PRIMARY KEY (digest)
);
CREATE TABLE callback_progress (
	id CHAR(32) NOT NULL, 
	callback_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	percent FLOAT, 
	message TEXT, 
	data TEXT, 
	CONSTRAINT fk_callback_progress_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT pk_callback_progress PRIMARY KEY (id)
);
CREATE TABLE callbacks (
	id CHAR(32) NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	step_index INTEGER NOT NULL, 
	record_seq INTEGER NOT NULL, 
	name TEXT, 
	status VARCHAR(32) NOT NULL, 
	token_hint VARCHAR(4) NOT NULL, 
	result_key TEXT NOT NULL, 
	contract TEXT, 
	heartbeat FLOAT, 
	issued_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	heartbeat_due_at DATETIME, 
	received_at DATETIME, 
	is_early BOOLEAN NOT NULL, 
	receipt TEXT, 
	result_digest VARCHAR(64), 
	result_bytes INTEGER, 
	result_preview TEXT, 
	payload_id CHAR(32), 
	failure TEXT, 
	validation TEXT, 
	progress TEXT, wait_seq INTEGER DEFAULT '0' NOT NULL, round INTEGER DEFAULT '1' NOT NULL, source VARCHAR(32) CONSTRAINT ck_callbacks_source CHECK (source IN ('CALLBACK', 'POLL', 'OPERATOR', 'ADOPTED')), service TEXT, remote_ref TEXT, attempts_dropped INTEGER DEFAULT '0' NOT NULL, progress_dropped INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT ck_callbacks_a_letter_has_a_receipt CHECK ((receipt IS NULL) = (result_digest IS NULL)), 
	CONSTRAINT ck_callbacks_is_early CHECK (is_early IN (0, 1)), 
	CONSTRAINT ck_callbacks_status CHECK (status IN ('PENDING', 'RECEIVED', 'VALIDATED', 'REJECTED', 'FAILED_BY_REMOTE', 'EXPIRED', 'HEARTBEAT_LOST', 'WITHDRAWN')), 
	CONSTRAINT fk_callbacks_payload_id FOREIGN KEY(payload_id) REFERENCES payloads (id), 
	CONSTRAINT fk_callbacks_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_callbacks PRIMARY KEY (id), 
	CONSTRAINT uq_callbacks_receipt UNIQUE (receipt)
);
CREATE TABLE decisions (
	id CHAR(32) NOT NULL, 
	input_request_id CHAR(32) NOT NULL, 
	"by" TEXT, 
	at DATETIME NOT NULL, 
	verdict VARCHAR(32) NOT NULL, 
	comment TEXT, 
	pages TEXT NOT NULL, 
	shown_digest VARCHAR(64) NOT NULL, policy TEXT, secrets TEXT, 
	CONSTRAINT ck_decisions_verdict CHECK (verdict IN ('APPROVED', 'REJECTED', 'SENT_BACK')), 
	CONSTRAINT fk_decisions_input_request_id FOREIGN KEY(input_request_id) REFERENCES input_requests (id) ON DELETE CASCADE, 
	CONSTRAINT pk_decisions PRIMARY KEY (id), 
	CONSTRAINT uq_decisions_one_each UNIQUE (input_request_id, "by")
);
CREATE TABLE engine_state (
	id INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	reason TEXT, 
	changed_at DATETIME, 
	changed_by TEXT, 
	CONSTRAINT ck_engine_state_one_row CHECK (id = 1), 
	CONSTRAINT ck_engine_state_state CHECK (state IN ('RUNNING', 'PAUSING', 'PAUSED')), 
	CONSTRAINT pk_engine_state PRIMARY KEY (id)
);
INSERT INTO "engine_state" VALUES(1,'RUNNING',NULL,NULL,NULL);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	tx BIGINT DEFAULT 0 NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	process_id CHAR(32), 
	actor TEXT, 
	payload TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT ck_events_kind CHECK (kind IN ('PROCESS_CREATED', 'PROCESS_STATUS_CHANGED', 'STEP_CHANGED', 'CALLBACK_ISSUED', 'CALLBACK_PROGRESSED', 'CALLBACK_RECEIVED', 'CALLBACK_VALIDATED', 'CALLBACK_ENDED', 'INPUT_REQUESTED', 'INPUT_DECIDED', 'INPUT_REQUEST_CHANGED', 'PROCESS_NOTE_CHANGED', 'PRODUCT_SUBSCRIPTION_CHANGED', 'ENGINE_STATE_CHANGED')), 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
CREATE TABLE idempotency_keys (
	scope VARCHAR(64) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	subject_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (scope, "key")
);
CREATE TABLE input_requests (
	id CHAR(32) NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	step_index INTEGER NOT NULL, 
	record_seq INTEGER NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	assignee TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	due_at DATETIME, 
	closed_at DATETIME, reminded_at DATETIME, escalated_at DATETIME, escalations INTEGER DEFAULT '0' NOT NULL, approvals_needed INTEGER DEFAULT '1' NOT NULL, claimed_by TEXT, claimed_at DATETIME, not_by TEXT, 
	CONSTRAINT ck_input_requests_status CHECK (status IN ('OPEN', 'SUBMITTED', 'REJECTED', 'EXPIRED', 'WITHDRAWN')), 
	CONSTRAINT fk_input_requests_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_input_requests PRIMARY KEY (id), 
	CONSTRAINT uq_input_requests_visit UNIQUE (process_id, record_seq)
);
CREATE TABLE notifications (
	id CHAR(32) NOT NULL, 
	target TEXT NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	input_request_id CHAR(32), 
	payload TEXT NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	tries INTEGER NOT NULL, 
	tries_before INTEGER NOT NULL, 
	log TEXT NOT NULL, 
	due_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	last_error TEXT, 
	CONSTRAINT ck_notifications_sent_has_a_time CHECK ((sent_at IS NULL) = (status <> 'SENT')), 
	CONSTRAINT ck_notifications_status CHECK (status IN ('PENDING', 'SENT', 'DEAD')), 
	CONSTRAINT fk_notifications_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_notifications PRIMARY KEY (id)
);
CREATE TABLE notified_until (
	id INTEGER NOT NULL, 
	cursor TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT ck_notified_until_one_row CHECK (id = 1), 
	CONSTRAINT pk_notified_until PRIMARY KEY (id)
);
CREATE TABLE payloads (
	id CHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_payloads PRIMARY KEY (id)
);
CREATE TABLE process_locks (
	place INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	CONSTRAINT fk_process_locks_process_id_processes FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_process_locks PRIMARY KEY (place)
);
CREATE TABLE process_segments (
	number INTEGER NOT NULL, 
	begins_at DATETIME NOT NULL, changed_from DATETIME, changed_until DATETIME, 
	CONSTRAINT pk_process_segments PRIMARY KEY (number)
);
INSERT INTO "process_segments" VALUES(1,'0001-01-01 00:00:00.000000',NULL,NULL);
CREATE TABLE process_steps (
	process_id CHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	step_index INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	step_group TEXT, 
	status VARCHAR(32) NOT NULL, 
	attempt INTEGER NOT NULL, 
	tries INTEGER NOT NULL, 
	entered_by TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	completed_at DATETIME, 
	retry_at DATETIME, 
	delta TEXT, 
	failure TEXT, 
	actor TEXT, 
	CONSTRAINT ck_process_steps_kind CHECK (kind IN ('ACTION', 'AWAIT_CALLBACK', 'VALIDATION', 'INPUT', 'SYSTEM')), 
	CONSTRAINT ck_process_steps_status CHECK (status IN ('PENDING', 'RUNNING', 'SUCCESS', 'SKIPPED', 'SUSPENDED', 'WAITING', 'AWAITING_CALLBACK', 'FAILED', 'ABORTED')), 
	CONSTRAINT fk_process_steps_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_process_steps PRIMARY KEY (process_id, seq)
);
CREATE TABLE "process_subscriptions" (
	process_id CHAR(32) NOT NULL, 
	subscription_id CHAR(32) NOT NULL, 
	target VARCHAR(32) NOT NULL, 
	CONSTRAINT ck_process_subscriptions_target CHECK (target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'RECONCILE', 'SYSTEM')), 
	CONSTRAINT fk_process_subscriptions_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_process_subscriptions PRIMARY KEY (process_id, subscription_id)
);
CREATE TABLE process_terms (
	term TEXT NOT NULL, 
	segment INTEGER NOT NULL, 
	CONSTRAINT pk_process_terms PRIMARY KEY (term, segment)
)
 WITHOUT ROWID

;
CREATE TABLE "processes" (
	id CHAR(32) NOT NULL, 
	workflow_name TEXT NOT NULL, 
	target VARCHAR(32) NOT NULL, 
	fingerprint VARCHAR(16) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	position INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	record_seq INTEGER, 
	worker TEXT, 
	lease_until DATETIME, 
	state TEXT NOT NULL, 
	answers TEXT NOT NULL, 
	assignee TEXT, 
	created_by TEXT, 
	started_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	failure TEXT, 
	note TEXT, 
	start_pages TEXT NOT NULL, aborted_by TEXT, entry TEXT, stored TEXT, engine_failures INTEGER DEFAULT '0' NOT NULL, secrets TEXT, trace VARCHAR(35), subject TEXT DEFAULT '' NOT NULL, failure_code TEXT, failure_message TEXT, lock_keys TEXT, 
	CONSTRAINT ck_processes_ended_has_a_time CHECK ((ended_at IS NULL) = (status NOT IN ('ABORTED', 'COMPLETED'))), 
	CONSTRAINT ck_processes_only_running_is_held CHECK (worker IS NULL OR status = 'RUNNING'), 
	CONSTRAINT ck_processes_status CHECK (status IN ('CREATED', 'RUNNING', 'SUSPENDED', 'AWAITING_CALLBACK', 'WAITING', 'FAILED', 'ABORTED', 'COMPLETED')), 
	CONSTRAINT ck_processes_target CHECK (target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'RECONCILE', 'SYSTEM')), 
	CONSTRAINT pk_processes PRIMARY KEY (id)
);
CREATE TABLE product_subscription_blocks (
	subscription_id CHAR(32) NOT NULL, 
	parent_id CHAR(32) NOT NULL, 
	field TEXT NOT NULL, 
	owner_id CHAR(32) NOT NULL, 
	block_id CHAR(32) NOT NULL, 
	CONSTRAINT fk_product_subscription_blocks_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_blocks PRIMARY KEY (subscription_id, parent_id, field, owner_id, block_id)
)
 WITHOUT ROWID

;
CREATE TABLE product_subscription_locks (
	subscription_id CHAR(32) NOT NULL, 
	locked_by CHAR(32), 
	locked_at DATETIME, 
	out_of_sync_by CHAR(32), 
	out_of_sync_since DATETIME, 
	out_of_sync_reason TEXT, 
	CONSTRAINT fk_product_subscription_locks_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_locks PRIMARY KEY (subscription_id)
);
CREATE TABLE product_subscription_uses (
	subscription_id CHAR(32) NOT NULL, 
	owner_id CHAR(32) NOT NULL, 
	block_id CHAR(32) NOT NULL, 
	CONSTRAINT fk_product_subscription_uses_owner_id FOREIGN KEY(owner_id) REFERENCES product_subscriptions (id), 
	CONSTRAINT fk_product_subscription_uses_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_uses PRIMARY KEY (subscription_id, owner_id, block_id)
);
CREATE TABLE product_subscription_values (
	subscription_id CHAR(32) NOT NULL, 
	block_id CHAR(32) NOT NULL, 
	path TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT fk_product_subscription_values_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_values PRIMARY KEY (subscription_id, block_id, path, value)
)
 WITHOUT ROWID

;
CREATE TABLE product_subscription_versions (
	subscription_id CHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	model TEXT NOT NULL, 
	changes TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	process_id CHAR(32), 
	CONSTRAINT ck_product_subscription_versions_status CHECK (status IN ('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated')), 
	CONSTRAINT fk_product_subscription_versions_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_versions PRIMARY KEY (subscription_id, version)
);
CREATE TABLE product_subscription_words (
	subscription_id CHAR(32) NOT NULL, 
	word TEXT NOT NULL, created_segment INTEGER DEFAULT 0 NOT NULL, updated_segment INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT fk_product_subscription_words_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT pk_product_subscription_words PRIMARY KEY (subscription_id, word)
);
CREATE TABLE product_subscriptions (
	id CHAR(32) NOT NULL, 
	product_id CHAR(32) NOT NULL, 
	customer_id TEXT NOT NULL, 
	description TEXT NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	insync BOOLEAN NOT NULL, 
	model TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	note TEXT, 
	start_date DATETIME, 
	end_date DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, customer_description TEXT, created_segment INTEGER DEFAULT 0 NOT NULL, updated_segment INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT ck_product_subscriptions_insync CHECK (insync IN (0, 1)), 
	CONSTRAINT ck_product_subscriptions_status CHECK (status IN ('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated')), 
	CONSTRAINT fk_product_subscriptions_product_id FOREIGN KEY(product_id) REFERENCES products (id), 
	CONSTRAINT pk_product_subscriptions PRIMARY KEY (id)
);
CREATE TABLE products (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	product_type TEXT NOT NULL, 
	tag TEXT NOT NULL, 
	status TEXT NOT NULL, unindexed TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (id), 
	CONSTRAINT uq_products_name UNIQUE (name)
);
CREATE TABLE pruned_until (
	id INTEGER NOT NULL, 
	cursor TEXT NOT NULL, 
	CONSTRAINT ck_pruned_until_one_row CHECK (id = 1), 
	CONSTRAINT pk_pruned_until PRIMARY KEY (id)
);
CREATE TABLE "timers" (
	id CHAR(32) NOT NULL, 
	due_at DATETIME NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	callback_id CHAR(32), 
	input_request_id CHAR(32), 
	assignee TEXT, 
	CONSTRAINT ck_timers_kind CHECK (kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER', 'ESCALATION', 'EXPIRY')), 
	CONSTRAINT fk_timers_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT fk_timers_input_request_id FOREIGN KEY(input_request_id) REFERENCES input_requests (id) ON DELETE CASCADE, 
	CONSTRAINT fk_timers_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT pk_timers PRIMARY KEY (id)
);
CREATE TABLE unclaimed_letters (
	id CHAR(32) NOT NULL, 
	service TEXT NOT NULL, 
	ref TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	peer TEXT, 
	is_failure BOOLEAN NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT ck_unclaimed_letters_is_failure CHECK (is_failure IN (0, 1)), 
	CONSTRAINT pk_unclaimed_letters PRIMARY KEY (id), 
	CONSTRAINT uq_unclaimed_letters_one_each UNIQUE (service, ref, digest)
);
CREATE TABLE unindexed_processes (
	number INTEGER NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	started_at DATETIME NOT NULL, 
	CONSTRAINT pk_unindexed_processes PRIMARY KEY (number)
);
CREATE TABLE workers (
	name TEXT NOT NULL, 
	version TEXT NOT NULL, 
	running_steps INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_workers PRIMARY KEY (name)
);
CREATE TRIGGER note_new_process AFTER INSERT ON processes FOR EACH ROW BEGIN INSERT INTO unindexed_processes (process_id, started_at) VALUES (NEW.id, NEW.started_at); END;
CREATE TRIGGER note_changed_process AFTER UPDATE OF workflow_name, subject, note ON processes FOR EACH ROW WHEN NEW.workflow_name IS NOT OLD.workflow_name OR NEW.subject IS NOT OLD.subject OR NEW.note IS NOT OLD.note BEGIN INSERT INTO unindexed_processes (process_id, started_at) VALUES (NEW.id, NEW.started_at); END;
CREATE TRIGGER note_settled_process AFTER UPDATE OF status, assignee, note ON processes FOR EACH ROW WHEN (NEW.status NOT IN ('CREATED', 'RUNNING')) BEGIN INSERT INTO unindexed_processes (process_id, started_at) SELECT NEW.id, NEW.started_at FROM process_segments AS s WHERE s.begins_at < (SELECT max(begins_at) FROM process_segments)
  AND s.begins_at = (SELECT max(begins_at) FROM process_segments WHERE begins_at <= NEW.started_at)
  AND (NOT coalesce(NEW.updated_at BETWEEN s.changed_from AND s.changed_until, 1 = 0)
  OR NOT EXISTS (SELECT 1 FROM process_terms AS t WHERE t.segment = s.number AND t.term = '*' || char(10) || NEW.status
    || char(10) || NEW.workflow_name || char(10) || NEW.target || char(10) || coalesce('=' || NEW.assignee, '')
    || char(10) || coalesce('=' || NEW.created_by, ''))
  OR EXISTS (SELECT 1 FROM process_subscriptions AS l JOIN product_subscriptions AS p ON p.id = l.subscription_id
    WHERE l.process_id = NEW.id AND NOT EXISTS (SELECT 1 FROM process_terms AS t WHERE t.segment = s.number
    AND t.term = NEW.status || char(10) || 'product' || char(10) || p.product_id))); END;
CREATE TRIGGER note_linked_process AFTER INSERT ON process_subscriptions FOR EACH ROW  BEGIN INSERT INTO unindexed_processes (process_id, started_at) SELECT id, started_at FROM processes WHERE id = NEW.process_id AND started_at < (SELECT max(begins_at) FROM process_segments); END;
CREATE TRIGGER note_processes_of_product AFTER UPDATE OF product_id ON product_subscriptions FOR EACH ROW WHEN (NEW.product_id <> OLD.product_id) BEGIN INSERT INTO unindexed_processes (process_id, started_at) SELECT p.id, p.started_at FROM process_subscriptions AS l JOIN processes AS p ON p.id = l.process_id WHERE l.subscription_id = NEW.id; END;
CREATE INDEX ix_audit_action_at ON audit (action, at, id);
CREATE INDEX ix_audit_actor_at ON audit (actor, at, id);
CREATE INDEX ix_audit_at_id ON audit (at, id);
CREATE INDEX ix_audit_seal_place ON audit (seal, chain, seq);
CREATE INDEX ix_callback_attempts_callback_id ON callback_attempts (callback_id, id);
CREATE INDEX ix_callback_attempts_service ON callback_attempts (service, outcome, is_failure, at) WHERE service IS NOT NULL;
CREATE INDEX ix_callback_keys_callback_id ON callback_keys (callback_id);
CREATE INDEX ix_callback_progress_callback_id ON callback_progress (callback_id, id);
CREATE INDEX ix_callbacks_payload_id ON callbacks (payload_id) WHERE payload_id IS NOT NULL;
CREATE INDEX ix_callbacks_pending ON callbacks (status, id) WHERE status = 'PENDING';
CREATE INDEX ix_callbacks_pending_service ON callbacks (service, id) WHERE status = 'PENDING' AND service IS NOT NULL;
CREATE INDEX ix_callbacks_process_id ON callbacks (process_id, step_index);
CREATE INDEX ix_callbacks_service_remote_ref ON callbacks (service, remote_ref) WHERE remote_ref IS NOT NULL;
CREATE INDEX ix_callbacks_status_expires_at ON callbacks (status, expires_at, id);
CREATE INDEX ix_callbacks_status_id ON callbacks (status, id);
CREATE INDEX ix_events_process_id_id ON events (process_id, id);
CREATE INDEX ix_idempotency_keys_subject_id ON idempotency_keys (subject_id);
CREATE INDEX ix_input_requests_due ON input_requests (due_at) WHERE status = 'OPEN';
CREATE INDEX ix_input_requests_inbox ON input_requests (assignee, id) WHERE status = 'OPEN';
CREATE INDEX ix_input_requests_status_assignee ON input_requests (status, assignee, id);
CREATE INDEX ix_input_requests_status_id ON input_requests (status, id);
CREATE INDEX ix_notifications_created_at_id ON notifications (created_at, id);
CREATE INDEX ix_notifications_dead ON notifications (id) WHERE status = 'DEAD';
CREATE INDEX ix_notifications_pending ON notifications (target, due_at) WHERE status = 'PENDING';
CREATE INDEX ix_notifications_process_id ON notifications (process_id);
CREATE INDEX ix_notifications_status_created_at ON notifications (status, created_at, id);
CREATE INDEX ix_notifications_status_target ON notifications (status, target, created_at, id);
CREATE INDEX ix_process_locks_key_place ON process_locks ("key", place);
CREATE INDEX ix_process_locks_process_id ON process_locks (process_id);
CREATE INDEX ix_process_subscriptions_subscription_id ON process_subscriptions (subscription_id);
CREATE INDEX ix_process_terms_segment ON process_terms (segment);
CREATE INDEX ix_processes_assignee_started_at ON processes (assignee, started_at, id) WHERE assignee IS NOT NULL;
CREATE INDEX ix_processes_assignee_updated_at ON processes (assignee, updated_at, id) WHERE assignee IS NOT NULL AND status <> 'RUNNING';
CREATE INDEX ix_processes_created_by_started_at ON processes (created_by, started_at, id) WHERE created_by IS NOT NULL;
CREATE INDEX ix_processes_created_by_updated_at ON processes (created_by, updated_at, id) WHERE created_by IS NOT NULL AND status <> 'RUNNING';
CREATE INDEX ix_processes_ended_at ON processes (ended_at, status, started_at) WHERE ended_at IS NOT NULL;
CREATE INDEX ix_processes_failed_at ON processes (status, updated_at, workflow_name, failure_code) WHERE status = 'FAILED';
CREATE INDEX ix_processes_failure_code_started_at ON processes (status, failure_code, started_at, id) WHERE status = 'FAILED';
CREATE INDEX ix_processes_failure_code_updated_at ON processes (status, failure_code, updated_at, id) WHERE status = 'FAILED';
CREATE INDEX ix_processes_runnable ON processes (lease_until) WHERE status IN ('CREATED', 'RUNNING');
CREATE INDEX ix_processes_searched ON processes (started_at, id, workflow_name, subject, note);
CREATE INDEX ix_processes_started_at_id ON processes (started_at, id);
CREATE INDEX ix_processes_status_started_at ON processes (status, started_at, id);
CREATE INDEX ix_processes_status_updated_at ON processes (status, updated_at, id) WHERE status <> 'RUNNING';
CREATE INDEX ix_processes_target_started_at ON processes (target, started_at, id);
CREATE INDEX ix_processes_target_updated_at ON processes (target, updated_at, id) WHERE status <> 'RUNNING';
CREATE INDEX ix_processes_updated_at_id ON processes (updated_at, id);
CREATE INDEX ix_processes_worker ON processes (worker) WHERE worker IS NOT NULL;
CREATE INDEX ix_processes_workflow_name_started_at ON processes (workflow_name, started_at, id);
CREATE INDEX ix_processes_workflow_name_updated_at ON processes (workflow_name, updated_at, id) WHERE status <> 'RUNNING';
CREATE INDEX ix_product_subscription_blocks_block_id ON product_subscription_blocks (block_id, owner_id);
CREATE INDEX ix_product_subscription_locks_locked_by ON product_subscription_locks (locked_by);
CREATE INDEX ix_product_subscription_uses_owner_id ON product_subscription_uses (owner_id, subscription_id);
CREATE INDEX ix_product_subscription_values_path ON product_subscription_values (path, value);
CREATE INDEX ix_product_subscription_words_created_segment ON product_subscription_words (created_segment, word, subscription_id);
CREATE INDEX ix_product_subscription_words_updated_segment ON product_subscription_words (updated_segment, word, subscription_id);
CREATE INDEX ix_product_subscription_words_word ON product_subscription_words (word, subscription_id);
CREATE INDEX ix_product_subscriptions_created_at ON product_subscriptions (created_at, id, status, product_id, insync);
CREATE INDEX ix_product_subscriptions_created_segment ON product_subscriptions (created_segment, created_at);
CREATE INDEX ix_product_subscriptions_customer ON product_subscriptions (substr(customer_id, 1, 100), id);
CREATE INDEX ix_product_subscriptions_out_of_sync ON product_subscriptions (id) WHERE insync IS 0;
CREATE INDEX ix_product_subscriptions_product_id ON product_subscriptions (product_id, id);
CREATE INDEX ix_product_subscriptions_product_status ON product_subscriptions (product_id, status, id);
CREATE INDEX ix_product_subscriptions_status_id ON product_subscriptions (status, id);
CREATE INDEX ix_product_subscriptions_updated_at ON product_subscriptions (updated_at, id, status, product_id, insync);
CREATE INDEX ix_product_subscriptions_updated_segment ON product_subscriptions (updated_segment, updated_at);
CREATE INDEX ix_timers_callback_id ON timers (callback_id) WHERE callback_id IS NOT NULL;
CREATE INDEX ix_timers_due_at ON timers (due_at);
CREATE INDEX ix_timers_input_request_id ON timers (input_request_id) WHERE input_request_id IS NOT NULL;
CREATE INDEX ix_timers_process_id ON timers (process_id);
CREATE INDEX ix_unclaimed_letters_service_at ON unclaimed_letters (service, at);
CREATE INDEX ix_unindexed_processes_started_at ON unindexed_processes (started_at);
CREATE UNIQUE INDEX ix_process_segments_begins_at ON process_segments (begins_at);
CREATE UNIQUE INDEX uq_callbacks_visit_name ON callbacks (process_id, record_seq, coalesce(name, ''));
CREATE UNIQUE INDEX uq_input_requests_one_open ON input_requests (process_id) WHERE status = 'OPEN';
