# `npm run check:image` follows these instructions without a Docker engine, in an empty folder. One instruction a line.
#
# The base is pinned by version. To pin it by digest too, append what
# `docker buildx imagetools inspect node:26.10.0-trixie-slim` prints: node:26.10.0-trixie-slim@sha256:…
FROM node:26.10.0-trixie-slim AS build
WORKDIR /app

# The dependencies have a layer of their own, which lasts as long as the lockfile. No script is run at their
# installation: that of `node` would fetch the Node.js that is here already.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts/bundle.mjs scripts/runtime-lock.mjs scripts/sbom.mjs scripts/warm-up.mjs scripts/
COPY src src

# build/sbom.cdx.json lists what the bundle holds.
RUN node scripts/bundle.mjs && node scripts/sbom.mjs

# The bundle needs no packages. They stay for their licences, and for scanners of what is in the image.
RUN node scripts/runtime-lock.mjs . && npm prune --ignore-scripts

# Node.js keeps compiled code for each user apart, so the one that will run the gateway fills the cache. Its
# folder is closed again afterwards.
RUN mkdir -m 1777 node_modules/.cache
USER 10001:10001
RUN node scripts/warm-up.mjs build/main.js && chmod -R a+rX node_modules/.cache/compile
USER 0:0
RUN chmod 755 node_modules/.cache

FROM node:26.10.0-trixie-slim
# Nothing is installed at run time.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg
WORKDIR /app
COPY schema.graphql ./
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/build build

# The last is glibc's default, set so that glibc does not raise it: bodies of 1 MB then go back to the system once
# they are freed, and leave no holes that the process holds on to (mallopt(3), M_MMAP_THRESHOLD).
ENV NODE_ENV=production HOST=:: MALLOC_MMAP_THRESHOLD_=131072
USER 10001:10001
EXPOSE 4000
# Whether the process answers, not whether it is ready: a draining gateway is well.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# By default Node.js gives the young generation 2 MB in a container of 512 MiB, which doubles the CPU of a list.
ENTRYPOINT ["node", "--max-semi-space-size=16", "build/main.js"]
