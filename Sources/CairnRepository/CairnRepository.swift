// CairnRepository
