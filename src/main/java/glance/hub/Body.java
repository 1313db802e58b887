package glance.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.LongConsumer;

/** The content of an answer on its way into a buffer, which never grows. */
final class Body implements BodySubscriber<Void> {
    /** More of what is dropped is not waited for; less leaves the connection fit for reuse. */
    private static final int MAX_DROPPED = 1 << 16;

    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final ByteBuffer into;
    private final LongConsumer received;
    private final boolean wanted;
    private Flow.Subscription subscription;
    private int dropped;

    /**
     * @param into where it goes, from position to limit
     * @param received is told how many bytes came
     * @param wanted false to drop the content
     */
    Body(ByteBuffer into, LongConsumer received, boolean wanted) {
        this.into = into;
        this.received = received;
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
        for (ByteBuffer buffer : buffers) {
            if (!wanted) {
                dropped += buffer.remaining();
                if (dropped > MAX_DROPPED) {
                    subscription.cancel();
                    end.complete(null);
                    return;
                }
                continue;
            }
            if (buffer.remaining() > into.remaining()) {
                subscription.cancel();
                end.completeExceptionally(new TooLong());
                return;
            }
            int count = buffer.remaining();
            into.put(buffer);
            received.accept(count);
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
