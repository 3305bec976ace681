// CairnSystem
