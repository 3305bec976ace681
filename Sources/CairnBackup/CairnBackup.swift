// CairnBackup
