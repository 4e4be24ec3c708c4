PRAGMA application_id = 1095978818;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE rows (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        payload TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'submitting', 'submitted', 'rendering', 'done', 'downloaded', 'failed', 'unknown')),
        project_id TEXT NOT NULL DEFAULT '',
        percent REAL NOT NULL DEFAULT 0,
        file TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        free INTEGER NOT NULL DEFAULT 0  -- marked as not sent: add may replace it
    );
INSERT INTO "rows" VALUES(1,'1','Video 1','f113381f98ab352e54f9159c4d2bef5b4176f5fc38f89e9802a70e6f374fc52c','{"name":"Video 1","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','queued','',0.0,'','',0);
INSERT INTO "rows" VALUES(2,'2','Video 2','3784eeebf24c88f1d11637425d1b7bd5e298b6763723047939bf084705d654ec','{"name":"Video 2","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','submitting','',0.0,'','',0);
INSERT INTO "rows" VALUES(3,'3','Video 3','1468f153f2710db3f1b862f5e84b624447f51cabba9597549725845dab4d6772','{"name":"Video 3","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','submitted','project-3',0.0,'','',0);
INSERT INTO "rows" VALUES(4,'4','Video 4','7a148914ed02004b905e22235cdf025c9116d5ead844da7bb694546cf816bd04','{"name":"Video 4","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','rendering','project-4',40.0,'','',0);
INSERT INTO "rows" VALUES(5,'5','Video 5','cc4cf0ca35abb4e4aad86e4c627632ce7da324b5fc4db85ecfcdb276849b03ba','{"name":"Video 5","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','done','project-5',100.0,'','',0);
INSERT INTO "rows" VALUES(6,'6','Video 6','3a8572738acb392c79d001fa816543e175480ab11337f9d83cc01b3b0bddc9f3','{"name":"Video 6","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','downloaded','project-6',100.0,'videos/6-project-6.mp4','',0);
INSERT INTO "rows" VALUES(7,'7','Video 7','7e0e95f3eb3d4d229ec4cd990353077afccbc37e76a17e3659537e874d8b9884','{"name":"Video 7","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','failed','',0.0,'','refused: no scenes',0);
INSERT INTO "rows" VALUES(8,'8','Video 8','a4045b41b2f13ad3093d6b38af79b3a9c53fd7ea001223f1a4ae8e529d3d1110','{"name":"Video 8","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','failed','project-8',40.0,'','the service says ''failed''',0);
INSERT INTO "rows" VALUES(9,'9','Video 9','0389d8b9a622b9d9542e2f84f52bfac6f8f2b089e7d25fe777a5afb34142b787','{"name":"Video 9","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','unknown','',0.0,'','the connection broke',0);
INSERT INTO "rows" VALUES(10,'10','Video 10','cdd2c786708626a5edede6f89a43a93fa23c4077b50c0141478fee73be2433b3','{"name":"Video 10","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','unknown','project-10',0.0,'','the service called it project-10, and does not know it now',0);
INSERT INTO "rows" VALUES(11,'11','Video 11','00809e63328c9fe2755092ca2cef7385c7186273d1a05a87490d17c80b081c2f','{"name":"Video 11","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','queued','',0.0,'','to be sent again; it was project-11',1);
INSERT INTO "rows" VALUES(12,'12','Video 12','ff4c92139c81f857dd69c51651e034ee0bad3cd5207108e8a4b369aadd90f3a8','{"name":"Video 12","scenes":[{"background":{},"clips":[],"sceneIdx":0}]}','queued','',0.0,'','marked as not sent',1);
CREATE TABLE terms (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "terms" VALUES('renders given up','1');
INSERT INTO "terms" VALUES('service','https://app.aistudios.com');
INSERT INTO "terms" VALUES('mode','render');
COMMIT;
