package glance.hub;

import glance.api.CancelledException;
import glance.api.adapter.Watch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Brings files of one commit into the cache. Pieces of all files travel at the same time, in a
 * window that moves on; this thread alone writes them, in order, so that what a file holds is at
 * any moment its beginning, and is hashed on the way.
 */
final class Pull implements AutoCloseable {
    private static final long TICK_MILLIS = 100;
    private static final long MEGA = 1_000_000;

    private final HubClient client;
    private final RepoCache cache;
    private final HubName name;
    private final String commit;
    private final Watch watch;
    private final Transfer transfer;
    private final ExecutorService connections;
    private final AtomicLong received = new AtomicLong();
    private final Map<String, List<RepoFile>> byContent = new LinkedHashMap<>();
    private final Deque<RepoFile> waiting = new ArrayDeque<>();
    private final List<RepoFile> elsewhere = new ArrayList<>();
    private final Deque<Source> sources = new ArrayDeque<>();
    private final Deque<Piece> window = new ArrayDeque<>();
    private long total;
    private String current = "";

    /** A blob that comes, and the next byte of it to ask for. */
    private static final class Source {
        private final Incoming blob;
        private final Remote remote;
        private final boolean again;
        private long next;

        Source(Incoming blob, Remote remote, boolean again) {
            this.blob = blob;
            this.remote = remote;
            this.again = again;
            this.next = blob.written();
        }

        boolean isAllAskedFor() {
            return next == blob.file().size();
        }
    }

    /**
     * Some bytes that were asked for.
     *
     * @param last of its blob
     */
    private record Piece(Source source, Future<ByteBuffer> bytes, boolean last) {}

    Pull(HubClient client, RepoCache cache, HubName name, String commit, Watch watch) {
        this.client = client;
        this.cache = cache;
        this.name = name;
        this.commit = commit;
        this.watch = watch;
        this.transfer = client.settings().transfer();
        this.connections =
                Executors.newFixedThreadPool(
                        transfer.connections(),
                        work -> {
                            Thread thread = new Thread(work, "pull");
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    /** Sizes and hashes of files. */
    List<RepoFile> ask(List<String> paths) throws IOException, InterruptedException {
        HubApi api = new HubApi(client, name);
        List<Future<RepoFile>> answers = new ArrayList<>();
        for (String path : paths) {
            answers.add(connections.submit(() -> api.file(commit, path)));
        }
        List<RepoFile> files = new ArrayList<>();
        for (Future<RepoFile> answer : answers) {
            files.add(await(answer));
        }
        return files;
    }

    /** Says how much {@link #run} will bring in all, for who watches. */
    void expect(List<RepoFile> files) {
        total = files.stream().mapToLong(RepoFile::size).sum();
    }

    /** Ends what is under way. */
    @Override
    public void close() {
        connections.shutdownNow();
    }

    /**
     * Brings what is missing, and links all files into the snapshot.
     *
     * @throws HubException if the hub says no, or sends wrong content twice
     * @throws CancelledException if the watcher wants it; what came stays
     */
    void run(List<RepoFile> files) throws IOException, InterruptedException {
        byContent.clear();
        for (RepoFile file : files) {
            byContent.computeIfAbsent(file.etag(), etag -> new ArrayList<>()).add(file);
        }
        byContent.values().forEach(same -> waiting.add(same.get(0)));
        try {
            transferAll();
            if (!elsewhere.isEmpty()) {
                watch.note(
                        name
                                + ": another process fetches "
                                + elsewhere.get(0).path()
                                + "; waiting for it");
            }
            while (!elsewhere.isEmpty()) {
                Thread.sleep(TICK_MILLIS);
                waiting.addAll(elsewhere);
                elsewhere.clear();
                transferAll();
                tick();
            }
        } finally {
            window.forEach(piece -> sources.add(piece.source()));
            Set<Incoming> open = new LinkedHashSet<>();
            sources.forEach(source -> open.add(source.blob));
            for (Incoming blob : open) {
                blob.close();
            }
        }
    }

    private void transferAll() throws IOException, InterruptedException {
        while (fill() || !window.isEmpty()) {
            Piece piece = window.peek();
            Source source = piece.source();
            current = source.blob.file().path();
            source.blob.append(await(piece.bytes()));
            window.remove();
            if (piece.last()) {
                finish(source);
            }
        }
    }

    /** Asks for pieces as long as the window has room; false if there are none left. */
    private boolean fill() throws IOException, InterruptedException {
        while (window.size() < 2 * transfer.connections()) {
            if (sources.isEmpty() && !open()) {
                return false;
            }
            if (sources.isEmpty()) {
                continue;
            }
            Source source = sources.peek();
            long first = source.next;
            long left = source.blob.file().size() - first;
            int bytes = (int) Math.min(left, transfer.pieceBytes());
            LongConsumer count = received::addAndGet;
            Callable<ByteBuffer> read = () -> source.remote.read(first, bytes, count);
            source.next += bytes;
            window.add(new Piece(source, connections.submit(read), source.isAllAskedFor()));
            if (source.isAllAskedFor()) {
                sources.remove();
            }
        }
        return true;
    }

    /** Takes the next file on; false if there is none. */
    private boolean open() throws IOException, InterruptedException {
        RepoFile file = waiting.poll();
        if (file == null) {
            return false;
        }
        if (isThere(file)) {
            return true;
        }
        Incoming blob = Incoming.of(cache, file);
        if (blob == null) {
            elsewhere.add(file);
            return true;
        }
        if (isThere(file)) {
            // Another process has just finished it.
            blob.close();
            return true;
        }
        received.addAndGet(blob.written());
        HubApi api = new HubApi(client, name);
        Remote remote = new Remote(client, name, file, api.uri(commit, file.path()));
        Source source = new Source(blob, remote, false);
        if (source.isAllAskedFor()) {
            finish(source);
        } else {
            sources.add(source);
        }
        return true;
    }

    /** Whether the content is in the cache; then it is linked. */
    private boolean isThere(RepoFile file) throws IOException {
        List<RepoFile> same = byContent.get(file.etag());
        if (!cache.hasBlob(file)) {
            for (RepoFile one : same) {
                if (!cache.has(commit, one)) {
                    return false;
                }
            }
        } else {
            link(same);
        }
        received.addAndGet(same.size() * file.size());
        return true;
    }

    private void link(List<RepoFile> same) throws IOException {
        for (int i = 0; i < same.size(); i++) {
            cache.link(commit, same.get(i), i == same.size() - 1);
        }
    }

    private void finish(Source source) throws IOException {
        RepoFile file = source.blob.file();
        boolean right;
        try {
            right = source.blob.finish();
        } catch (IOException e) {
            source.blob.close();
            throw e;
        }
        if (right) {
            source.blob.close();
            List<RepoFile> same = byContent.get(file.etag());
            link(same);
            received.addAndGet((same.size() - 1) * file.size());
            return;
        }
        received.addAndGet(-file.size());
        if (source.again) {
            source.blob.close();
            throw new HubException(
                    file.path()
                            + " came twice with other content than its hash says; it is not used");
        }
        sources.addFirst(new Source(source.blob, source.remote, true));
    }

    private <T> T await(Future<T> future) throws IOException, InterruptedException {
        while (true) {
            tick();
            try {
                return future.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // Still under way.
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException io) {
                    throw io;
                }
                if (e.getCause() instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                throw new IOException(e.getCause());
            }
        }
    }

    private void tick() {
        if (watch.isCancelled()) {
            throw new CancelledException();
        }
        if (total > 0) {
            watch.next(current, megabytes(received.get()), Math.max(1, megabytes(total)));
        }
    }

    private static int megabytes(long bytes) {
        return (int) (bytes / MEGA);
    }
}
