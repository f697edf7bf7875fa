// Says once where everything is, as the last of `docker compose up`: a container does not know at which port of the machine it is.
import { resolve4 } from 'node:dns/promises';

const { GATEWAY, GRAFANA, PROMETHEUS, WORKER_PORT } = process.env;
const workers = await resolve4('worker').catch(() => []);

console.log(`goflow is up.
  dashboard   ${GATEWAY}/dashboard   (log in with the operate token)
  HTTP API    ${GATEWAY}   described at ${GATEWAY}/openapi.json
  Grafana     ${GRAFANA}
  Prometheus  ${PROMETHEUS}
  ${workers.length} workers, in the network of these containers:
${workers.map((address) => `    http://${address}:${WORKER_PORT}   /metrics /readyz /concurrency`).join('\n')}`);
