// CairnChunking
