import Testing

@Suite struct ClaimTableTests {}
