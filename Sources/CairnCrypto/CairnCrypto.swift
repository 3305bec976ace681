// CairnCrypto
