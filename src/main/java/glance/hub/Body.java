package glance.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.LongConsumer;

/** The content of one answer on its way into a buffer, which never grows. */
final class Body implements BodySubscriber<Void> {
    /** More of what is dropped is not waited for; less leaves the connection fit for reuse. */
    private static final int MAX_DROPPED = 1 << 16;

    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Target target;
    private final boolean wanted;
    private Flow.Subscription subscription;
    private int dropped;

    /** Where content goes, until nobody waits for it any more. */
    static final class Target implements AutoCloseable {
        private final ByteBuffer into;
        private final LongConsumer received;
        private boolean open = true;
        private long lastNanos = System.nanoTime();

        /**
         * @param into takes the content from position to limit
         * @param received is told how many bytes came
         */
        Target(ByteBuffer into, LongConsumer received) {
            this.into = into;
            this.received = received;
        }

        private synchronized void put(ByteBuffer bytes) throws TooLong {
            lastNanos = System.nanoTime();
            if (open) {
                if (bytes.remaining() > into.remaining()) {
                    throw new TooLong();
                }
                int count = bytes.remaining();
                into.put(bytes);
                received.accept(count);
            }
        }

        /** Time since something was heard. */
        synchronized long silentMillis() {
            return (System.nanoTime() - lastNanos) / 1_000_000;
        }

        /** A connection that is given up may still deliver: the buffer is not its own any more. */
        @Override
        public synchronized void close() {
            open = false;
        }
    }

    /**
     * @param wanted false to drop the content
     */
    Body(Target target, boolean wanted) {
        this.target = target;
        this.wanted = wanted;
    }

    @Override
    public CompletionStage<Void> getBody() {
        return end;
    }

    @Override
    public void onSubscribe(Flow.Subscription started) {
        subscription = started;
        started.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            for (ByteBuffer buffer : buffers) {
                if (wanted) {
                    target.put(buffer);
                } else {
                    dropped += buffer.remaining();
                }
            }
            if (dropped > MAX_DROPPED) {
                subscription.cancel();
                end.complete(null);
            }
        } catch (TooLong e) {
            subscription.cancel();
            end.completeExceptionally(e);
        }
    }

    @Override
    public void onError(Throwable problem) {
        end.completeExceptionally(problem);
    }

    @Override
    public void onComplete() {
        end.complete(null);
    }

    /** The content is longer than it may be. */
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super("more bytes than promised");
        }
    }
}
