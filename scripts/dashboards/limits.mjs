/** At what the alerts fire, for the lines in the panels. deploy/prometheus/rules/goflow.alerts.yml has the same: a test compares them. */
export const LIMITS = {
  GoflowOldestTaskTooOld: 300,
  GoflowFailureRatioHigh: 0.1,
  GoflowRedisMemoryHigh: 0.8,
  GoflowRedisMemoryFull: 0.95,
};
