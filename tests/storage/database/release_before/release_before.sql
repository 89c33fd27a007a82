BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE audit (
	id CHAR(32) NOT NULL, 
	chain CHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor TEXT, 
	action VARCHAR(64) NOT NULL, 
	details TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, seal INTEGER, 
	CONSTRAINT pk_audit PRIMARY KEY (id), 
	CONSTRAINT uq_audit_place UNIQUE (chain, seq)
);
INSERT INTO "audit" VALUES('01a2264089fe7f8bb9d399045c46f603','01a2264089f47f868425aee5af783f0c',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"change_router","pages_digest":"cab0bec9611196b2f01486f82cde9137e6139a5611180808e7f4d5419001a60d"}','0000000000000000000000000000000000000000000000000000000000000000','265d0df57c36007e307aa451693485cd5c1a1d3fe275d40716508919bd40eed8',1);
INSERT INTO "audit" VALUES('01a226408a737108829a25950715cbe3','01a226408a737361a38d5977bf0f3b97',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"change_router","pages_digest":"0351b48d7c866c6916dc2fa75099acb1259244b5dba7756a3eceda6c0439f349"}','0000000000000000000000000000000000000000000000000000000000000000','43b8fc6963a7a377268c60209294030308bb20d7d4aea1403d70e5b0e6e94eaa',1);
INSERT INTO "audit" VALUES('01a226408a807fd0bc9f65e8e7d9c478','01a226408a8075f591a2bd256d9e24e6',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"change_router","pages_digest":"647ad7b8ea3f14d6f4413df54ff0e865460ea3f53ffd344cd9caa0f2179e90e8"}','0000000000000000000000000000000000000000000000000000000000000000','09622fd24374ad406387e0ae2d9c9b509814615ed1afff55fc84ed8fdbb6edb3',1);
INSERT INTO "audit" VALUES('01a226408aae72eeb279f32d21cbe49c','01a226408a737361a38d5977bf0f3b97',2,'2026-03-02 09:00:00.000000','remote service','receiveCallback','{"callback_id":"01a22640-8a78-7b4b-b0e7-92a2f6b5f599","receipt":"01a22640-8a9d-755c-9a64-6f2006ebe3ad","digest":"a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce"}','43b8fc6963a7a377268c60209294030308bb20d7d4aea1403d70e5b0e6e94eaa','4bc4b998c7db0543354d383bca1df3e8b489454cf133571395fa4ad72af0a0ea',1);
INSERT INTO "audit" VALUES('01a226408b0879c4baa9a38a61c34e1e','01a226408a8075f591a2bd256d9e24e6',2,'2026-03-02 09:00:00.000000','remote service','receiveCallback','{"callback_id":"01a22640-8a86-7f01-ab85-9df757d656bf","receipt":"01a22640-8b08-74c9-9275-4c538c3af176","digest":"a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce"}','09622fd24374ad406387e0ae2d9c9b509814615ed1afff55fc84ed8fdbb6edb3','9ae35d49253ee25626b5d3a73e4e5a6b0e999a611c2d515c4024cb3b9e4070d1',1);
INSERT INTO "audit" VALUES('01a226408b25759da436ffbb3446fdb3','01a226408a8075f591a2bd256d9e24e6',3,'2026-03-02 09:00:00.000000','ada','submitForm','{"input_request_id":"01a22640-8b16-78ed-b343-9d6b945d6c09","verdict":"APPROVED","shown_digest":"16dc18430b06799eaffa19bbc740a9168e9f5234d28040ea94c0d78a8c152323","pages_digest":"e10808d43975dc400731053386849f864f297e6c4f7519c380f3dbaf7067a840"}','9ae35d49253ee25626b5d3a73e4e5a6b0e999a611c2d515c4024cb3b9e4070d1','ecbb7744459e7c22c1d545b8d313ba67f605e827c9f30b755f0bddf572f6af66',1);
INSERT INTO "audit" VALUES('01a226408b2d7a9e8f7aa0b99a7591b6','01a226408b2d79d1acd083ed9489f807',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"failing","pages_digest":"8d6a34557c94ace2ac8dae43d4c750c8372e36c52896c47801e26d2f998f92a4"}','0000000000000000000000000000000000000000000000000000000000000000','dae8f7b6e7fc2be30b70a26694f5245fc9ba6cbdcc003715ca75d6c579e81666',1);
INSERT INTO "audit" VALUES('01a226408b3b7f32aac167bc8461a85a','01a226408b3b7b16bc5d32942256fa97',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"try_again","pages_digest":"318cbaaf3c55e9c3ddd168f459ed106c21a41af8bd46201c341e17ed87328ffd"}','0000000000000000000000000000000000000000000000000000000000000000','1549ab2882894e7fa70eb099a48a2f1a799409441c2ac56d678e768f9ee0b5b3',1);
INSERT INTO "audit" VALUES('01a226408b4471568cce15abd6f47385','01a226408b4477dea9d02bfd0cfdbb21',1,'2026-03-02 09:00:00.000000','local','startWorkflow','{"workflow":"long_work","pages_digest":"1b03fbe420632c4607753391786854c588aa5b7ee1541fca172817c2852826be"}','0000000000000000000000000000000000000000000000000000000000000000','4ea6aa2cde54d709b7feecb67f235212b7bc64ad9b0d97ce070c3df2d17d5e82',1);
CREATE TABLE audit_seals (
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	entries INTEGER NOT NULL, 
	heads TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_seals PRIMARY KEY (seq)
);
INSERT INTO "audit_seals" VALUES(1,'2026-03-02 09:00:00.000000',9,'[["01a22640-89f4-7f86-8425-aee5af783f0c",1,1,"265d0df57c36007e307aa451693485cd5c1a1d3fe275d40716508919bd40eed8"],["01a22640-8a73-7361-a38d-5977bf0f3b97",1,2,"4bc4b998c7db0543354d383bca1df3e8b489454cf133571395fa4ad72af0a0ea"],["01a22640-8a80-75f5-91a2-bd256d9e24e6",1,3,"ecbb7744459e7c22c1d545b8d313ba67f605e827c9f30b755f0bddf572f6af66"],["01a22640-8b2d-79d1-acd0-83ed9489f807",1,1,"dae8f7b6e7fc2be30b70a26694f5245fc9ba6cbdcc003715ca75d6c579e81666"],["01a22640-8b3b-7b16-bc5d-32942256fa97",1,1,"1549ab2882894e7fa70eb099a48a2f1a799409441c2ac56d678e768f9ee0b5b3"],["01a22640-8b44-77de-a9d0-2bfd0cfdbb21",1,1,"4ea6aa2cde54d709b7feecb67f235212b7bc64ad9b0d97ce070c3df2d17d5e82"]]','0000000000000000000000000000000000000000000000000000000000000000','00ccf78184e536dba633dbed614637d05bd024eda8047334adf10c41b1cefbac');
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
	receipt TEXT, is_failure BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_callback_attempts PRIMARY KEY (id), 
	CONSTRAINT fk_callback_attempts_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT ck_callback_attempts_outcome CHECK (outcome IN ('ACCEPTED', 'DUPLICATE', 'CONFLICT', 'LATE', 'WITHDRAWN', 'INVALID', 'MALFORMED', 'UNSUPPORTED_TYPE', 'TOO_LARGE', 'UNAUTHENTICATED', 'FORBIDDEN_ADDRESS'))
);
INSERT INTO "callback_attempts" VALUES('01a226408aa470648a311fc7ce1b9d33','01a226408a787b4bb0e792a2f6b5f599','2026-03-02 09:00:00.000000',NULL,'ACCEPTED',8,'application/json','a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce',NULL,NULL,'01a22640-8a9d-755c-9a64-6f2006ebe3ad',0);
INSERT INTO "callback_attempts" VALUES('01a226408b087f6da90726f49f0c4f35','01a226408a867f01ab859df757d656bf','2026-03-02 09:00:00.000000',NULL,'ACCEPTED',8,'application/json','a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce',NULL,NULL,'01a22640-8b08-74c9-9275-4c538c3af176',0);
CREATE TABLE callback_keys (
	digest BLOB NOT NULL, 
	callback_id CHAR(32) NOT NULL, 
	CONSTRAINT pk_callback_keys PRIMARY KEY (digest), 
	CONSTRAINT fk_callback_keys_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE
);
INSERT INTO "callback_keys" VALUES(X'08AB55CD52C4EE10715A2C133AE2F88376B63655F1A4A5E400706A48C89876CC','01a226408a3d73caabb4151c2714d782');
INSERT INTO "callback_keys" VALUES(X'98C8463631F12D43D6FEA2DF452C1CAAA87D433AD94CE7F4CF827FE4E5A5148F','01a226408a787b4bb0e792a2f6b5f599');
INSERT INTO "callback_keys" VALUES(X'8DCCC9B85B4067ECDB470833AB06E2F4485BAAE696ED6B182ACF02BEFA5099C9','01a226408a867f01ab859df757d656bf');
CREATE TABLE callback_progress (
	id CHAR(32) NOT NULL, 
	callback_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	percent FLOAT, 
	message TEXT, 
	data TEXT, 
	CONSTRAINT pk_callback_progress PRIMARY KEY (id), 
	CONSTRAINT fk_callback_progress_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE
);
INSERT INTO "callback_progress" VALUES('01a226408b1970649bafc5a848701ce4','01a226408a3d73caabb4151c2714d782','2026-03-02 09:00:00.000000',50.0,'half done',NULL);
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
	CONSTRAINT pk_callbacks PRIMARY KEY (id), 
	CONSTRAINT ck_callbacks_a_letter_has_a_receipt CHECK ((receipt IS NULL) = (result_digest IS NULL)), 
	CONSTRAINT fk_callbacks_payload_id FOREIGN KEY(payload_id) REFERENCES payloads (id), 
	CONSTRAINT fk_callbacks_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT uq_callbacks_receipt UNIQUE (receipt), 
	CONSTRAINT ck_callbacks_status CHECK (status IN ('PENDING', 'RECEIVED', 'VALIDATED', 'REJECTED', 'FAILED_BY_REMOTE', 'EXPIRED', 'HEARTBEAT_LOST', 'WITHDRAWN')), 
	CONSTRAINT ck_callbacks_is_early CHECK (is_early IN (0, 1))
);
INSERT INTO "callbacks" VALUES('01a226408a3d73caabb4151c2714d782','01a2264089f47f868425aee5af783f0c',2,4,NULL,'PENDING','36s0','callback_result',NULL,NULL,'2026-03-02 09:00:00.000000','2026-03-03 09:00:00.000000',NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"percent":50.0,"message":"half done","data":null,"reported_at":"2026-03-02T09:00:00+00:00"}',4,1,NULL,NULL,NULL,0,0);
INSERT INTO "callbacks" VALUES('01a226408a787b4bb0e792a2f6b5f599','01a226408a737361a38d5977bf0f3b97',2,4,NULL,'VALIDATED','fRo8','callback_result',NULL,NULL,'2026-03-02 09:00:00.000000','2026-03-03 09:00:00.000000',NULL,'2026-03-02 09:00:00.000000',0,'01a22640-8a9d-755c-9a64-6f2006ebe3ad','a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce',8,'{"rc":0}','01a226408a9d74e8aeccb564b941d431',NULL,'{"outcome":"ACCEPTED","validated_at":"2026-03-02T09:00:00+00:00"}',NULL,4,1,'CALLBACK',NULL,NULL,0,0);
INSERT INTO "callbacks" VALUES('01a226408a867f01ab859df757d656bf','01a226408a8075f591a2bd256d9e24e6',2,4,NULL,'VALIDATED','SGws','callback_result',NULL,NULL,'2026-03-02 09:00:00.000000','2026-03-03 09:00:00.000000',NULL,'2026-03-02 09:00:00.000000',0,'01a22640-8b08-74c9-9275-4c538c3af176','a4c071a818afed710c7602bfd9ec22469f9875e3bc93ddea90996a66e69121ce',8,'{"rc":0}','01a226408b08758c91457bdfa1c8f01c',NULL,'{"outcome":"ACCEPTED","validated_at":"2026-03-02T09:00:00+00:00"}',NULL,4,1,'CALLBACK',NULL,NULL,0,0);
CREATE TABLE decisions (
	id CHAR(32) NOT NULL, 
	input_request_id CHAR(32) NOT NULL, 
	"by" TEXT, 
	at DATETIME NOT NULL, 
	verdict VARCHAR(32) NOT NULL, 
	comment TEXT, 
	pages TEXT NOT NULL, 
	shown_digest VARCHAR(64) NOT NULL, policy TEXT, 
	CONSTRAINT pk_decisions PRIMARY KEY (id), 
	CONSTRAINT fk_decisions_input_request_id FOREIGN KEY(input_request_id) REFERENCES input_requests (id) ON DELETE CASCADE, 
	CONSTRAINT uq_decisions_one_each UNIQUE (input_request_id, "by"), 
	CONSTRAINT ck_decisions_verdict CHECK (verdict IN ('APPROVED', 'REJECTED', 'SENT_BACK'))
);
INSERT INTO "decisions" VALUES('01a226408b257e49ad6417a5aa8a265d','01a226408b1678edb3439d6b945d6c09','ada','2026-03-02 09:00:00.000000','APPROVED',NULL,'[{}]','16dc18430b06799eaffa19bbc740a9168e9f5234d28040ea94c0d78a8c152323',NULL);
CREATE TABLE engine_state (
	id INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	reason TEXT, 
	changed_at DATETIME, 
	changed_by TEXT, 
	CONSTRAINT pk_engine_state PRIMARY KEY (id), 
	CONSTRAINT ck_engine_state_one_row CHECK (id = 1), 
	CONSTRAINT ck_engine_state_state CHECK (state IN ('RUNNING', 'PAUSING', 'PAUSED'))
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
	CONSTRAINT pk_events PRIMARY KEY (id), 
	CONSTRAINT ck_events_kind CHECK (kind IN ('PROCESS_CREATED', 'PROCESS_STATUS_CHANGED', 'STEP_CHANGED', 'CALLBACK_ISSUED', 'CALLBACK_PROGRESSED', 'CALLBACK_RECEIVED', 'CALLBACK_VALIDATED', 'CALLBACK_ENDED', 'INPUT_REQUESTED', 'INPUT_DECIDED', 'INPUT_REQUEST_CHANGED', 'PROCESS_NOTE_CHANGED', 'PRODUCT_SUBSCRIPTION_CHANGED', 'ENGINE_STATE_CHANGED'))
);
INSERT INTO "events" VALUES(1,0,'PROCESS_CREATED','01a2264089f47f868425aee5af783f0c','local','{"workflow_name":"change_router"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(2,0,'PROCESS_STATUS_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(3,0,'STEP_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"step_index":0,"step_name":"Prepare","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(4,0,'STEP_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"step_index":0,"step_name":"Prepare","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{"prepared":"awaiting"},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(5,0,'STEP_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"step_index":1,"step_name":"Order the change","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(6,0,'CALLBACK_ISSUED','01a2264089f47f868425aee5af783f0c',NULL,'{"callback_id":"01a22640-8a3d-73ca-abb4-151c2714d782","expires_at":"2026-03-03T09:00:00+00:00"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(7,0,'STEP_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"step_index":1,"step_name":"Order the change","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(8,0,'STEP_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"step_index":2,"step_name":"Change - Await callback","from":null,"to":"AWAITING_CALLBACK","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(9,0,'PROCESS_STATUS_CHANGED','01a2264089f47f868425aee5af783f0c',NULL,'{"from":"RUNNING","to":"AWAITING_CALLBACK","version":4,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(10,0,'PROCESS_CREATED','01a226408a737361a38d5977bf0f3b97','local','{"workflow_name":"change_router"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(11,0,'PROCESS_STATUS_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(12,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":0,"step_name":"Prepare","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(13,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":0,"step_name":"Prepare","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{"prepared":"suspended"},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(14,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":1,"step_name":"Order the change","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(15,0,'CALLBACK_ISSUED','01a226408a737361a38d5977bf0f3b97',NULL,'{"callback_id":"01a22640-8a78-7b4b-b0e7-92a2f6b5f599","expires_at":"2026-03-03T09:00:00+00:00"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(16,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":1,"step_name":"Order the change","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(17,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":2,"step_name":"Change - Await callback","from":null,"to":"AWAITING_CALLBACK","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(18,0,'PROCESS_STATUS_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"from":"RUNNING","to":"AWAITING_CALLBACK","version":4,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(19,0,'PROCESS_CREATED','01a226408a8075f591a2bd256d9e24e6','local','{"workflow_name":"change_router"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(20,0,'PROCESS_STATUS_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(21,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":0,"step_name":"Prepare","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(22,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":0,"step_name":"Prepare","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{"prepared":"completed"},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(23,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":1,"step_name":"Order the change","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(24,0,'CALLBACK_ISSUED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"callback_id":"01a22640-8a86-7f01-ab85-9df757d656bf","expires_at":"2026-03-03T09:00:00+00:00"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(25,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":1,"step_name":"Order the change","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(26,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":2,"step_name":"Change - Await callback","from":null,"to":"AWAITING_CALLBACK","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(27,0,'PROCESS_STATUS_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"from":"RUNNING","to":"AWAITING_CALLBACK","version":4,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(28,0,'CALLBACK_RECEIVED','01a226408a737361a38d5977bf0f3b97',NULL,'{"callback_id":"01a22640-8a78-7b4b-b0e7-92a2f6b5f599","is_early":false,"bytes":8}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(29,0,'PROCESS_STATUS_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"from":"AWAITING_CALLBACK","to":"RUNNING","version":5,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(30,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":2,"step_name":"Change - Await callback","from":"AWAITING_CALLBACK","to":"SUCCESS","attempt":1,"state_delta":{"callback_result":{"rc":0}},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(31,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":3,"step_name":"Judge the result","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(32,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":3,"step_name":"Judge the result","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{"rc":0},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(33,0,'CALLBACK_VALIDATED','01a226408a737361a38d5977bf0f3b97',NULL,'{"callback_id":"01a22640-8a78-7b4b-b0e7-92a2f6b5f599","validation":{"outcome":"ACCEPTED","validated_at":"2026-03-02T09:00:00+00:00"}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(34,0,'STEP_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"step_index":4,"step_name":"Confirm","from":null,"to":"SUSPENDED","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(35,0,'INPUT_REQUESTED','01a226408a737361a38d5977bf0f3b97',NULL,'{"input_request_id":"01a22640-8aff-72dd-9700-8a83bd57fe53","assignee":"SYSTEM"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(36,0,'PROCESS_STATUS_CHANGED','01a226408a737361a38d5977bf0f3b97',NULL,'{"from":"RUNNING","to":"SUSPENDED","version":7,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(37,0,'CALLBACK_RECEIVED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"callback_id":"01a22640-8a86-7f01-ab85-9df757d656bf","is_early":false,"bytes":8}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(38,0,'PROCESS_STATUS_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"from":"AWAITING_CALLBACK","to":"RUNNING","version":5,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(39,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":2,"step_name":"Change - Await callback","from":"AWAITING_CALLBACK","to":"SUCCESS","attempt":1,"state_delta":{"callback_result":{"rc":0}},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(40,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":3,"step_name":"Judge the result","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(41,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":3,"step_name":"Judge the result","from":"RUNNING","to":"SUCCESS","attempt":1,"state_delta":{"rc":0},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(42,0,'CALLBACK_VALIDATED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"callback_id":"01a22640-8a86-7f01-ab85-9df757d656bf","validation":{"outcome":"ACCEPTED","validated_at":"2026-03-02T09:00:00+00:00"}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(43,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"step_index":4,"step_name":"Confirm","from":null,"to":"SUSPENDED","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(44,0,'INPUT_REQUESTED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"input_request_id":"01a22640-8b16-78ed-b343-9d6b945d6c09","assignee":"SYSTEM"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(45,0,'PROCESS_STATUS_CHANGED','01a226408a8075f591a2bd256d9e24e6',NULL,'{"from":"RUNNING","to":"SUSPENDED","version":7,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(46,0,'CALLBACK_PROGRESSED','01a2264089f47f868425aee5af783f0c',NULL,'{"callback_id":"01a22640-8a3d-73ca-abb4-151c2714d782","progress":{"percent":50.0,"message":"half done","data":null,"reported_at":"2026-03-02T09:00:00+00:00"}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(47,0,'INPUT_DECIDED','01a226408a8075f591a2bd256d9e24e6','ada','{"input_request_id":"01a22640-8b16-78ed-b343-9d6b945d6c09","verdict":"APPROVED","policy":null,"is_last":true}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(48,0,'STEP_CHANGED','01a226408a8075f591a2bd256d9e24e6','ada','{"step_index":4,"step_name":"Confirm","from":"SUSPENDED","to":"SUCCESS","attempt":1,"state_delta":{"confirmed":true},"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(49,0,'PROCESS_STATUS_CHANGED','01a226408a8075f591a2bd256d9e24e6','ada','{"from":"SUSPENDED","to":"COMPLETED","version":8,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(50,0,'PROCESS_CREATED','01a226408b2d79d1acd083ed9489f807','local','{"workflow_name":"failing"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(51,0,'PROCESS_STATUS_CHANGED','01a226408b2d79d1acd083ed9489f807',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(52,0,'STEP_CHANGED','01a226408b2d79d1acd083ed9489f807',NULL,'{"step_index":0,"step_name":"Fail","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(53,0,'STEP_CHANGED','01a226408b2d79d1acd083ed9489f807',NULL,'{"step_index":0,"step_name":"Fail","from":"RUNNING","to":"FAILED","attempt":1,"state_delta":null,"failure":{"code":"step-raised","message":"RuntimeError: The router is not there.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 71, in fail\n    raise RuntimeError(\"The router is not there.\")\nRuntimeError: The router is not there.\n","is_retryable":false}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(54,0,'PROCESS_STATUS_CHANGED','01a226408b2d79d1acd083ed9489f807',NULL,'{"from":"RUNNING","to":"FAILED","version":3,"failure":{"code":"step-raised","message":"RuntimeError: The router is not there.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 71, in fail\n    raise RuntimeError(\"The router is not there.\")\nRuntimeError: The router is not there.\n","is_retryable":false}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(55,0,'PROCESS_CREATED','01a226408b3b7b16bc5d32942256fa97','local','{"workflow_name":"try_again"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(56,0,'PROCESS_STATUS_CHANGED','01a226408b3b7b16bc5d32942256fa97',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(57,0,'STEP_CHANGED','01a226408b3b7b16bc5d32942256fa97',NULL,'{"step_index":0,"step_name":"Try","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(58,0,'STEP_CHANGED','01a226408b3b7b16bc5d32942256fa97',NULL,'{"step_index":0,"step_name":"Try","from":"RUNNING","to":"WAITING","attempt":1,"state_delta":null,"failure":{"code":"step-raised","message":"RuntimeError: The router does not answer.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 64, in attempt\n    raise RuntimeError(\"The router does not answer.\")\nRuntimeError: The router does not answer.\n","is_retryable":false}}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(59,0,'PROCESS_STATUS_CHANGED','01a226408b3b7b16bc5d32942256fa97',NULL,'{"from":"RUNNING","to":"WAITING","version":3,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(60,0,'PROCESS_CREATED','01a226408b4477dea9d02bfd0cfdbb21','local','{"workflow_name":"long_work"}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(61,0,'PROCESS_STATUS_CHANGED','01a226408b4477dea9d02bfd0cfdbb21',NULL,'{"from":"CREATED","to":"RUNNING","version":2,"failure":null}','2026-03-02 09:00:00.000000');
INSERT INTO "events" VALUES(62,0,'STEP_CHANGED','01a226408b4477dea9d02bfd0cfdbb21',NULL,'{"step_index":0,"step_name":"Work for long","from":null,"to":"RUNNING","attempt":1,"state_delta":null,"failure":null}','2026-03-02 09:00:00.000000');
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
	closed_at DATETIME, reminded_at DATETIME, escalated_at DATETIME, escalations INTEGER DEFAULT '0' NOT NULL, approvals_needed INTEGER DEFAULT '1' NOT NULL, claimed_by TEXT, claimed_at DATETIME, 
	CONSTRAINT pk_input_requests PRIMARY KEY (id), 
	CONSTRAINT fk_input_requests_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT uq_input_requests_visit UNIQUE (process_id, record_seq), 
	CONSTRAINT ck_input_requests_status CHECK (status IN ('OPEN', 'SUBMITTED', 'REJECTED', 'EXPIRED', 'WITHDRAWN'))
);
INSERT INTO "input_requests" VALUES('01a226408aff72dd97008a83bd57fe53','01a226408a737361a38d5977bf0f3b97',4,12,'OPEN',1,'Confirm','SYSTEM','2026-03-02 09:00:00.000000',NULL,NULL,NULL,NULL,0,1,NULL,NULL);
INSERT INTO "input_requests" VALUES('01a226408b1678edb3439d6b945d6c09','01a226408a8075f591a2bd256d9e24e6',4,12,'SUBMITTED',2,'Confirm','SYSTEM','2026-03-02 09:00:00.000000',NULL,'2026-03-02 09:00:00.000000',NULL,NULL,0,1,NULL,NULL);
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
	CONSTRAINT pk_notifications PRIMARY KEY (id), 
	CONSTRAINT ck_notifications_sent_has_a_time CHECK ((sent_at IS NULL) = (status <> 'SENT')), 
	CONSTRAINT fk_notifications_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT ck_notifications_status CHECK (status IN ('PENDING', 'SENT', 'DEAD'))
);
CREATE TABLE notified_until (
	id INTEGER NOT NULL, 
	cursor TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_notified_until PRIMARY KEY (id), 
	CONSTRAINT ck_notified_until_one_row CHECK (id = 1)
);
CREATE TABLE payloads (
	id CHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_payloads PRIMARY KEY (id)
);
INSERT INTO "payloads" VALUES('01a226408a9d74e8aeccb564b941d431','{"rc":0}');
INSERT INTO "payloads" VALUES('01a226408b08758c91457bdfa1c8f01c','{"rc":0}');
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
	CONSTRAINT pk_process_steps PRIMARY KEY (process_id, seq), 
	CONSTRAINT fk_process_steps_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT ck_process_steps_kind CHECK (kind IN ('ACTION', 'AWAIT_CALLBACK', 'VALIDATION', 'INPUT', 'SYSTEM')), 
	CONSTRAINT ck_process_steps_status CHECK (status IN ('PENDING', 'RUNNING', 'SUCCESS', 'SKIPPED', 'SUSPENDED', 'WAITING', 'AWAITING_CALLBACK', 'FAILED', 'ABORTED'))
);
INSERT INTO "process_steps" VALUES('01a2264089f47f868425aee5af783f0c',2,0,'Prepare','ACTION',NULL,'SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"prepared":"awaiting"}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a2264089f47f868425aee5af783f0c',4,1,'Order the change','ACTION','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a2264089f47f868425aee5af783f0c',6,2,'Change - Await callback','AWAIT_CALLBACK','Change','AWAITING_CALLBACK',1,1,'advance','2026-03-02 09:00:00.000000',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a737361a38d5977bf0f3b97',2,0,'Prepare','ACTION',NULL,'SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"prepared":"suspended"}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a737361a38d5977bf0f3b97',4,1,'Order the change','ACTION','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a737361a38d5977bf0f3b97',6,2,'Change - Await callback','AWAIT_CALLBACK','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"callback_result":{"rc":0}}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a8075f591a2bd256d9e24e6',2,0,'Prepare','ACTION',NULL,'SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"prepared":"completed"}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a8075f591a2bd256d9e24e6',4,1,'Order the change','ACTION','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a8075f591a2bd256d9e24e6',6,2,'Change - Await callback','AWAIT_CALLBACK','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"callback_result":{"rc":0}}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a737361a38d5977bf0f3b97',10,3,'Judge the result','VALIDATION','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"rc":0}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a737361a38d5977bf0f3b97',12,4,'Confirm','INPUT',NULL,'SUSPENDED',1,1,'advance','2026-03-02 09:00:00.000000',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a8075f591a2bd256d9e24e6',10,3,'Judge the result','VALIDATION','Change','SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"rc":0}',NULL,NULL);
INSERT INTO "process_steps" VALUES('01a226408a8075f591a2bd256d9e24e6',12,4,'Confirm','INPUT',NULL,'SUCCESS',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"confirmed":true}',NULL,'ada');
INSERT INTO "process_steps" VALUES('01a226408b2d79d1acd083ed9489f807',2,0,'Fail','ACTION',NULL,'FAILED',1,1,'advance','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,'{"code":"step-raised","message":"RuntimeError: The router is not there.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 71, in fail\n    raise RuntimeError(\"The router is not there.\")\nRuntimeError: The router is not there.\n","is_retryable":false}',NULL);
INSERT INTO "process_steps" VALUES('01a226408b3b7b16bc5d32942256fa97',2,0,'Try','ACTION',NULL,'WAITING',1,1,'advance','2026-03-02 09:00:00.000000',NULL,'2026-03-02 09:01:00.000000',NULL,'{"code":"step-raised","message":"RuntimeError: The router does not answer.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 64, in attempt\n    raise RuntimeError(\"The router does not answer.\")\nRuntimeError: The router does not answer.\n","is_retryable":false}',NULL);
INSERT INTO "process_steps" VALUES('01a226408b4477dea9d02bfd0cfdbb21',2,0,'Work for long','ACTION',NULL,'RUNNING',1,1,'advance','2026-03-02 09:00:00.000000',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE process_subscriptions (
	process_id CHAR(32) NOT NULL, 
	subscription_id CHAR(32) NOT NULL, 
	target VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_process_subscriptions PRIMARY KEY (process_id, subscription_id), 
	CONSTRAINT fk_process_subscriptions_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT ck_process_subscriptions_target CHECK (target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'SYSTEM'))
);
CREATE TABLE processes (
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
	start_pages TEXT NOT NULL, aborted_by TEXT, entry TEXT, stored TEXT, 
	CONSTRAINT pk_processes PRIMARY KEY (id), 
	CONSTRAINT ck_processes_ended_has_a_time CHECK ((ended_at IS NULL) = (status NOT IN ('ABORTED', 'COMPLETED'))), 
	CONSTRAINT ck_processes_only_running_is_held CHECK (worker IS NULL OR status = 'RUNNING'), 
	CONSTRAINT ck_processes_target CHECK (target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'SYSTEM')), 
	CONSTRAINT ck_processes_status CHECK (status IN ('CREATED', 'RUNNING', 'SUSPENDED', 'AWAITING_CALLBACK', 'WAITING', 'FAILED', 'ABORTED', 'COMPLETED'))
);
INSERT INTO "processes" VALUES('01a2264089f47f868425aee5af783f0c','change_router','SYSTEM','628dd8cd97b625ba','AWAITING_CALLBACK',2,6,1,4,6,NULL,NULL,'{"router":"awaiting","prepared":"awaiting"}','{}',NULL,'local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,NULL,'[{"router":"awaiting"}]',NULL,NULL,NULL);
INSERT INTO "processes" VALUES('01a226408a737361a38d5977bf0f3b97','change_router','SYSTEM','628dd8cd97b625ba','SUSPENDED',4,12,2,7,12,NULL,NULL,'{"router":"suspended","prepared":"suspended","callback_result":{"rc":0},"rc":0}','{}','SYSTEM','local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,NULL,'[{"router":"suspended"}]',NULL,NULL,NULL);
INSERT INTO "processes" VALUES('01a226408a8075f591a2bd256d9e24e6','change_router','SYSTEM','628dd8cd97b625ba','COMPLETED',5,13,2,8,12,NULL,NULL,'{"router":"completed","prepared":"completed","callback_result":{"rc":0},"rc":0,"confirmed":true}','{}',NULL,'local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,'[{"router":"completed"}]',NULL,NULL,NULL);
INSERT INTO "processes" VALUES('01a226408b2d79d1acd083ed9489f807','failing','SYSTEM','58b7a7d65dd3a103','FAILED',0,3,1,3,2,NULL,NULL,'{}','{}',NULL,'local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,'{"code":"step-raised","message":"RuntimeError: The router is not there.","occurred_at":"2026-03-02T09:00:00+00:00","details":null,"traceback":"Traceback (most recent call last):\n  File \"orchestrator_gql/engine/authors/execution.py\", line 69, in run\n    result = await call(runtime, step.function, arguments, step.timeout)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 233, in call\n    result = await in_thread(runtime, function, **arguments)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 245, in in_thread\n    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"python3.11/concurrent/futures/thread.py\", line 58, in run\n    result = self.fn(*self.args, **self.kwargs)\n             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"orchestrator_gql/engine/authors/execution.py\", line 250, in _without_stop\n    return function(*args, **kwargs)\n           ^^^^^^^^^^^^^^^^^^^^^^^^^\n  File \"release_workflows.py\", line 71, in fail\n    raise RuntimeError(\"The router is not there.\")\nRuntimeError: The router is not there.\n","is_retryable":false}',NULL,'[]',NULL,NULL,NULL);
INSERT INTO "processes" VALUES('01a226408b3b7b16bc5d32942256fa97','try_again','SYSTEM','90f9b25fc46f9a98','WAITING',0,3,1,3,2,NULL,NULL,'{}','{}',NULL,'local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "processes" VALUES('01a226408b4477dea9d02bfd0cfdbb21','long_work','SYSTEM','e3060c7f5456ae77','RUNNING',0,2,1,3,2,'server:1:29d476','2026-03-02 09:00:30.000000','{}','{"0.0":true}',NULL,'local','2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000',NULL,NULL,NULL,'[]',NULL,NULL,NULL);
CREATE TABLE product_subscription_versions (
	subscription_id CHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	model TEXT NOT NULL, 
	changes TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	process_id CHAR(32), 
	CONSTRAINT pk_product_subscription_versions PRIMARY KEY (subscription_id, version), 
	CONSTRAINT fk_product_subscription_versions_subscription_id FOREIGN KEY(subscription_id) REFERENCES product_subscriptions (id) ON DELETE CASCADE, 
	CONSTRAINT ck_product_subscription_versions_status CHECK (status IN ('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated'))
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
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_product_subscriptions PRIMARY KEY (id), 
	CONSTRAINT fk_product_subscriptions_product_id FOREIGN KEY(product_id) REFERENCES products (id), 
	CONSTRAINT ck_product_subscriptions_status CHECK (status IN ('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated')), 
	CONSTRAINT ck_product_subscriptions_insync CHECK (insync IN (0, 1))
);
CREATE TABLE products (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	product_type TEXT NOT NULL, 
	tag TEXT NOT NULL, 
	status TEXT NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (id), 
	CONSTRAINT uq_products_name UNIQUE (name)
);
CREATE TABLE "timers" (
	id CHAR(32) NOT NULL, 
	due_at DATETIME NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	process_id CHAR(32) NOT NULL, 
	callback_id CHAR(32), 
	input_request_id CHAR(32), 
	assignee TEXT, 
	CONSTRAINT pk_timers PRIMARY KEY (id), 
	CONSTRAINT fk_timers_process_id FOREIGN KEY(process_id) REFERENCES processes (id) ON DELETE CASCADE, 
	CONSTRAINT fk_timers_callback_id FOREIGN KEY(callback_id) REFERENCES callbacks (id) ON DELETE CASCADE, 
	CONSTRAINT fk_timers_input_request_id FOREIGN KEY(input_request_id) REFERENCES input_requests (id) ON DELETE CASCADE, 
	CONSTRAINT ck_timers_kind CHECK (kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER', 'ESCALATION', 'EXPIRY'))
);
INSERT INTO "timers" VALUES('01a226408a4176779b44bce215097d68','2026-03-03 09:00:00.000000','CALLBACK_DEADLINE','01a2264089f47f868425aee5af783f0c','01a226408a3d73caabb4151c2714d782',NULL,NULL);
INSERT INTO "timers" VALUES('01a226408b407e339a63e6843226284e','2026-03-02 09:01:00.000000','RETRY','01a226408b3b7b16bc5d32942256fa97',NULL,NULL,NULL);
CREATE TABLE unclaimed_letters (
	id CHAR(32) NOT NULL, 
	service TEXT NOT NULL, 
	ref TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	peer TEXT, 
	is_failure BOOLEAN NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT pk_unclaimed_letters PRIMARY KEY (id), 
	CONSTRAINT uq_unclaimed_letters_one_each UNIQUE (service, ref, digest), 
	CONSTRAINT ck_unclaimed_letters_is_failure CHECK (is_failure IN (0, 1))
);
CREATE TABLE workers (
	name TEXT NOT NULL, 
	version TEXT NOT NULL, 
	running_steps INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_workers PRIMARY KEY (name)
);
INSERT INTO "workers" VALUES('server:1:29d476','0.1.0',1,'2026-03-02 09:00:00.000000','2026-03-02 09:00:00.000000');
CREATE INDEX ix_events_process_id_id ON events (process_id, id);
CREATE INDEX ix_processes_runnable ON processes (lease_until) WHERE status IN ('CREATED', 'RUNNING');
CREATE INDEX ix_processes_started_at_id ON processes (started_at, id);
CREATE INDEX ix_processes_status_started_at ON processes (status, started_at, id);
CREATE INDEX ix_processes_updated_at_id ON processes (updated_at, id);
CREATE INDEX ix_processes_workflow_name_started_at ON processes (workflow_name, started_at, id);
CREATE INDEX ix_callbacks_process_id ON callbacks (process_id, step_index);
CREATE INDEX ix_callbacks_status_expires_at ON callbacks (status, expires_at, id);
CREATE INDEX ix_input_requests_status_id ON input_requests (status, id);
CREATE UNIQUE INDEX uq_input_requests_one_open ON input_requests (process_id) WHERE status = 'OPEN';
CREATE INDEX ix_process_subscriptions_subscription_id ON process_subscriptions (subscription_id);
CREATE INDEX ix_product_subscriptions_product_id ON product_subscriptions (product_id, id);
CREATE INDEX ix_callback_attempts_callback_id ON callback_attempts (callback_id, id);
CREATE INDEX ix_callback_keys_callback_id ON callback_keys (callback_id);
CREATE INDEX ix_callback_progress_callback_id ON callback_progress (callback_id, id);
CREATE UNIQUE INDEX uq_callbacks_visit_name ON callbacks (process_id, record_seq, coalesce(name, ''));
CREATE INDEX ix_processes_worker ON processes (worker) WHERE worker IS NOT NULL;
CREATE INDEX ix_callbacks_service_remote_ref ON callbacks (service, remote_ref) WHERE remote_ref IS NOT NULL;
CREATE INDEX ix_unclaimed_letters_service_at ON unclaimed_letters (service, at);
CREATE INDEX ix_audit_at_id ON audit (at, id);
CREATE INDEX ix_input_requests_inbox ON input_requests (assignee, id) WHERE status = 'OPEN';
CREATE INDEX ix_input_requests_due ON input_requests (due_at) WHERE status = 'OPEN';
CREATE INDEX ix_timers_process_id ON timers (process_id);
CREATE INDEX ix_timers_due_at ON timers (due_at);
CREATE INDEX ix_notifications_created_at_id ON notifications (created_at, id);
CREATE INDEX ix_notifications_process_id ON notifications (process_id);
CREATE INDEX ix_notifications_pending ON notifications (target, due_at) WHERE status = 'PENDING';
CREATE INDEX ix_notifications_dead ON notifications (id) WHERE status = 'DEAD';
CREATE INDEX ix_audit_seal_place ON audit (seal, chain, seq);
COMMIT;
