// Says once where everything is, as the last of `docker compose up`: a container does not know at which port of the machine it is.
import { resolve4 } from 'node:dns/promises';

const { GATEWAY, GRAFANA, PROMETHEUS, WORKER_PORT } = process.env;
const workers = await resolve4('worker').catch(() => []);

/** As they stand in docker-compose.yml. */
const KNOWN = {
  GATEWAY_OPERATE_TOKEN: 'development-only-change-me',
  GOFLOW_TOKEN: 'development-only-change-me',
  GRAFANA_PASSWORD: 'admin',
};
const known = Object.entries(KNOWN).flatMap(([name, value]) =>
  process.env[name]?.split('\n').includes(value) ? [name] : [],
);

console.log(`goflow is up.
  dashboard   ${GATEWAY}/dashboard   (log in with the operate token)
  HTTP API    ${GATEWAY}   described at ${GATEWAY}/openapi.json
  Grafana     ${GRAFANA}
  Prometheus  ${PROMETHEUS}
  ${workers.length} workers, in the network of these containers:
${workers.map((address) => `    http://${address}:${WORKER_PORT}   /metrics /readyz /concurrency`).join('\n')}`);

if (known.length > 0)
  console.log(`FOR DEVELOPMENT ONLY: everybody knows ${known.join(', ')}, as docker-compose.yml has them.
  Before anybody else reaches this machine, set secrets of your own: NAME=$(openssl rand -base64 32), a line each, in .env beside that file.`);
