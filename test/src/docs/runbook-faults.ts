// What is broken before a section of docs/operations.md is run, and what has to be true after it, as shell scripts.

const EMAILS = `emails() { for i in $(seq "$1"); do echo "{\\"to\\":\\"$2\\"}"; done; }\n`;

/** By the title of the section. */
export const FAULTS: Readonly<Record<string, string>> = {
  Size: 'goflow push email.send \'{"to":"bea@example.com"}\' --wait',
  // Still there after all that follows, also when a backup was put back.
  Backups: 'goflow push email.send \'{"to":"later@example.com"}\' --delay 1h > delayed.id',
  'Drain a worker': `${EMAILS}emails 24 slow@example.com | goflow push email.send --many > drained.ids`,
  'Rotate tokens': `${EMAILS}emails 100 slow@example.com |
    setsid goflow push email.send --many --wait --json > rotated.jsonl 2> rotated.err &`,
  'A stuck queue': `
    goflow pause images --by bob
    goflow concurrency set 0 --queue default --by bob
    goflow push image.resize '{"url":"https://example.com/b.png"}' &
    goflow push image.resize '{"url":"https://example.com/c.png"}' &
    goflow push email.send '{"to":"ann@example.com"}' &
    GOFLOW_TASKS= goflow push report.make '{}' --queue reports
    wait`,
  // Who starts workers again when they die: systemd, Compose, Kubernetes.
  'A poison task': `
    revive() {
      for port in 9464 9465; do
        [ -e "/proc/$(cat worker-$port.pid)/exe" ] || ./ctl start worker $port || true
      done
    }
    goflow push image.resize '{"url":"bomb"}'
    until goflow dead list --reason poison | grep TASK_POISON; do revive; done
    until revive; curl -fsS localhost:9464/readyz && curl -fsS localhost:9465/readyz; do sleep 0.2; done`,
  'Dead letters': `${EMAILS}
    touch mail-is-away
    emails 5 ann@example.com | goflow push email.send --many --wait || true
    rm mail-is-away`,
  'Redis is full': `${EMAILS}
    touch mail-is-away
    emails 100 "$(head -c 20000 /dev/zero | tr '\\0' a)" | goflow push email.send --many --wait > /dev/null || true
    rm mail-is-away
    used=$(redis-cli -u "$REDIS_URL" INFO memory | awk -F: '/^used_memory:/ { print int($2) }')
    redis-cli -u "$REDIS_URL" CONFIG SET maxmemory $((used - 500000))`,
  'The process is gone': `kill -KILL "$(redis-cli -u "$REDIS_URL" INFO server | awk -F: '/^process_id:/ { print int($2) }')"`,
  'The data are gone': `
    kill -KILL "$(redis-cli -u "$REDIS_URL" INFO server | awk -F: '/^process_id:/ { print int($2) }')"
    rm -r redis/*`,
};

/** By the title of the section. */
export const PROOFS: Readonly<Record<string, string>> = {
  Size: '[ "$(redis-cli -u "$REDIS_URL" MEMORY USAGE "goflow:{default}:$(echo $id | cut -d: -f2)")" -gt 100 ]',
  // All were run, and those that the drained worker had were not handed back: they ran once.
  'Drain a worker': `
    for i in $(seq 50); do goflow queues | grep -E '^default +open +0 +1 +0 ' && break; sleep 0.2; done
    for id in $(head -3 drained.ids); do goflow show $id | grep -E '^starts +1$'; done
    [ "$(goflow list --state completed --text slow@ --json | wc -l)" = 24 ]`,
  'Rotate tokens': `
    for i in $(seq 100); do [ "$(wc -l < rotated.jsonl)" = 100 ] && break; sleep 0.2; done
    [ "$(grep -c '"completed"' rotated.jsonl)" = 100 ]`,
  'The data are gone': 'goflow get "$(cat delayed.id)" | grep delayed',
};
