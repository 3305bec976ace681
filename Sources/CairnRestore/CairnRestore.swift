// CairnRestore
