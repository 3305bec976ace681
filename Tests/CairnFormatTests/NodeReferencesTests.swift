import CairnCore
import CairnFormat
import Testing

@Suite struct NodeReferencesTests {}
