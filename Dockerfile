# The engine on the CPU: see docs/docker.md.
#
#   docker build -t glance-engine .
#   docker run --rm -v "$PWD:/pictures" glance-engine generate "three blue stars"

FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /build
COPY . .
# The kernels for GPUs are prebuilt.
RUN mvn -B -q -Dexec.skip -Dmaven.test.skip=true package

FROM debian:bookworm-slim
# Java's package links its manual pages, and slim has no folder for them. Fonts are for the plots and
# sheets of train and compare.
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install -y --no-install-recommends \
        fontconfig fonts-dejavu-core openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 glance \
    && install -d -m 1777 /cache /pictures
COPY --from=build /build/target/glance-engine.jar /build/scripts/glance-engine \
    /build/scripts/healthy /opt/glance-engine/
# Models of the hub and unpacked files go to the volume; prompts may be in any script.
ENV GLANCE_CACHE=/cache/glance-engine \
    HF_HOME=/cache/huggingface \
    LC_ALL=C.UTF-8
USER glance
WORKDIR /pictures
VOLUME ["/cache"]
EXPOSE 8188
# Means something while serve runs, on its usual port.
HEALTHCHECK --interval=30s --timeout=5s CMD ["/opt/glance-engine/healthy"]
ENTRYPOINT ["/opt/glance-engine/glance-engine"]
CMD ["--help"]
