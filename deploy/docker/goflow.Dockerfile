# The images of the goflow worker and gateway. Build them in the top folder of the repository:
#   docker build -f deploy/docker/goflow.Dockerfile --target worker -t goflow-worker .
#   docker build -f deploy/docker/goflow.Dockerfile --target gateway -t goflow-gateway .
# They hold the programs and no contracts; add your own:
#   FROM goflow-worker
#   COPY . /app/tasks        (tasks.mjs, for the worker handlers/*.mjs, and what they import; GOFLOW_TASKS and GOFLOW_HANDLERS name other places)
# `demo` and `gateway-demo`, which docker-compose.yml takes, are these with two example tasks and a script that pushes them.
# Nothing here needs BuildKit.
ARG NODE_IMAGE=node:20-bookworm-slim

# package.json files only: a change of source does not install again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
  && find . -type d -empty -delete

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --include=dev
COPY . .
RUN npx tsc -b apps/worker apps/producer-sdk apps/gateway

# What runs: the program, its production dependencies, and of its own libraries the links' targets in place of the links.
FROM ${NODE_IMAGE} AS worker-runtime
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --omit=dev --workspace=@goflow/worker && rm -rf node_modules/.bin
COPY --from=build /app/apps apps
COPY --from=build /app/libs libs
RUN cp -rL node_modules /runtime \
  && rm -rf /runtime/@goflow/*/src \
  && find /runtime -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name 'tsconfig*' \) -delete

FROM ${NODE_IMAGE} AS gateway-runtime
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci --ignore-scripts --omit=dev --workspace=@goflow/gateway && rm -rf node_modules/.bin
COPY --from=build /app/apps apps
COPY --from=build /app/libs libs
RUN cp -rL node_modules /runtime \
  && rm -rf /runtime/@goflow/*/src \
  && find /runtime -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name 'tsconfig*' \) -delete

FROM ${NODE_IMAGE} AS worker
ENV NODE_ENV=production \
    GOFLOW_TASKS=/app/tasks/tasks.mjs \
    GOFLOW_HANDLERS=/app/tasks/handlers
WORKDIR /app
COPY --from=worker-runtime /runtime node_modules
USER node
# No shell and no npm in between: SIGTERM reaches the worker.
ENTRYPOINT ["node", "/app/node_modules/@goflow/worker/dist/main.js"]

FROM ${NODE_IMAGE} AS gateway
ENV NODE_ENV=production \
    GOFLOW_TASKS=/app/tasks/tasks.mjs
WORKDIR /app
COPY --from=gateway-runtime /runtime node_modules
USER node
ENTRYPOINT ["node", "/app/node_modules/@goflow/gateway/dist/main.js"]

FROM worker AS demo
# The client needs nothing that the worker has not; zod is what the example's contracts are written with.
COPY --from=build /app/apps/producer-sdk/package.json node_modules/@goflow/sdk/
COPY --from=build /app/apps/producer-sdk/dist node_modules/@goflow/sdk/dist
COPY --from=build /app/node_modules/zod node_modules/zod
COPY deploy/docker/demo tasks

FROM gateway AS gateway-demo
COPY --from=build /app/node_modules/zod node_modules/zod
COPY deploy/docker/demo tasks
