// CairnMaintenance
