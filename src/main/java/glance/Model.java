package glance;

import glance.api.Comparison;
import glance.api.Outcome;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Trained;
import glance.api.Training;
import glance.compare.ComparisonFiles;
import glance.compare.ComparisonRequest;
import glance.compare.ComparisonRun;
import glance.compare.Gallery;
import glance.compare.ReportFiles;
import glance.io.ModelFolder;
import glance.model.ReferenceRules;
import glance.picture.Origin;
import glance.pipeline.Families;
import glance.pipeline.Pipeline;
import glance.pipeline.Settings;
import glance.train.TrainJob;
import glance.train.TrainRun;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A model that serves any number of requests: new prompts, sizes, plans and adapters need nothing
 * to be loaded again, as far as the memory of the device allows. May be called from any thread; one
 * request is served at a time, in the order of the calls.
 */
public final class Model implements AutoCloseable {
    private final Glance glance;
    private final String name;
    private final ModelFolder folder;
    private final Pipeline pipeline;
    private volatile boolean closed;

    Model(Glance glance, String name, ModelFolder folder, Pipeline pipeline) {
        this.glance = glance;
        this.name = name;
        this.folder = folder;
        this.pipeline = pipeline;
    }

    /** What it is called. */
    public String name() {
        return name;
    }

    /** Its family, such as {@code flux}. */
    public String family() {
        return pipeline.family().name();
    }

    /**
     * Draws one picture, with everything else as the model wants it.
     *
     * @throws RequestException if the prompt is empty
     */
    public Picture draw(String prompt) {
        return draw(Request.of(prompt)).get(0);
    }

    /** Draws pictures: see {@link #draw(Request, Listener)}. */
    public List<Picture> draw(Request request) {
        return draw(request, Listener.NONE);
    }

    /**
     * Draws pictures, prompt by prompt and within a prompt seed by seed. Interrupting the thread
     * that waits here ends the work as a listener does.
     *
     * @throws RequestException if the request makes no sense for this model
     * @throws glance.api.FormatException if a file of the model or an adapter is damaged or does
     *     not fit
     * @throws glance.api.DeviceException if the device fails or has too little memory
     * @throws glance.api.CancelledException if the work was ended from outside, after the pictures
     *     whose last step was done went to the listener
     */
    public List<Picture> draw(Request request, Listener listener) {
        requireOpen();
        Settings settings = settings(request);
        return glance.worker().call(cancelled -> draw(settings, listener, cancelled));
    }

    private List<Picture> draw(Settings settings, Listener listener, AtomicBoolean cancelled) {
        requireOpen();
        Origin origin = check(settings);
        int steps = settings.prompts().size() * settings.steps();
        Hearing hearing = new Hearing(listener, origin, steps, cancelled::get);
        pipeline.run(settings, hearing);
        return hearing.pictures();
    }

    /**
     * Draws requests, those that may in the same forward passes: with the same size, guidance,
     * noise levels, references, and share of a picture to start from, each with its own prompts,
     * seed, number of pictures, adapters and phases. Prompts of different lengths are padded where
     * the model masks padding. A picture is what it is alone, but for rounding. Where memory does
     * not allow all of them at once, they are drawn in smaller groups one after the other. Each
     * request ends for itself, through {@link Order#pictures}: one that fails or is ended from
     * outside takes nothing from the others. Returns when all are over.
     *
     * @throws IllegalStateException if the model is closed
     */
    public void draw(List<Order> orders) {
        requireOpen();
        Map<Order, Settings> settings = new LinkedHashMap<>();
        for (Order order : orders) {
            try {
                settings.put(order, settings(order.request()));
            } catch (RuntimeException | Error e) {
                order.pictures().completeExceptionally(e);
            }
        }
        glance.worker()
                .call(
                        cancelled -> {
                            requireOpen();
                            Orders work = new Orders(pipeline, cancelled);
                            settings.forEach((order, own) -> work.add(order, own, this::check));
                            work.draw();
                            return null;
                        });
    }

    /**
     * How many pictures like those of a request have room on the device in one forward pass, one at
     * least.
     *
     * @param wanted so many at most
     * @throws RequestException if the request makes no sense for this model
     */
    public int mostTogether(Request request, int wanted) {
        requireOpen();
        Settings settings = settings(request);
        return glance.worker().call(cancelled -> pipeline.mostTogether(settings, wanted));
    }

    /** Compares plans and adapters: see {@link #compare(Comparison, Listener)}. */
    public ComparisonReport compare(Comparison comparison) {
        return compare(comparison, Listener.NONE);
    }

    /**
     * Compares plans and adapters with a teacher, picture by picture from the same noise. The
     * listener has every picture; the report has what they were measured as.
     *
     * @return what is complete; less than everything if the work was ended from outside
     * @throws RequestException if the comparison makes no sense, or a run does not fit the model
     * @throws glance.api.FormatException if a file of the model or an adapter is damaged or does
     *     not fit
     * @throws glance.api.CancelledException if the work was ended before anything was complete
     */
    public ComparisonReport compare(Comparison comparison, Listener listener) {
        requireOpen();
        ComparisonRequest request = request(comparison);
        return glance.worker().call(cancelled -> compare(request, listener, cancelled));
    }

    private ComparisonReport compare(
            ComparisonRequest request, Listener listener, AtomicBoolean cancelled) {
        requireOpen();
        Map<String, Origin> origins = check(request);
        Optional<Path> folder = request.asked().picturesTo().map(ComparisonFiles::folder);
        Hearing hearing = new Hearing(listener, null, request.totalSteps(), cancelled::get);
        Gallery gallery = new Gallery(request);
        AtomicInteger index = new AtomicInteger();
        List<Outcome> outcomes =
                new ComparisonRun(pipeline, this.folder, request)
                        .run(
                                hearing,
                                (outcome, image) -> {
                                    gallery.accept(outcome, image);
                                    Picture picture =
                                            new Picture(
                                                    image,
                                                    request.prompts().get(outcome.prompt()),
                                                    outcome.seed(),
                                                    origins.get(outcome.run()));
                                    folder.map(f -> f.resolve(ComparisonFiles.picture(outcome)))
                                            .ifPresent(picture::save);
                                    listener.picture(index.getAndIncrement(), picture);
                                });
        Map<String, String> about = request.about(name, glance.device());
        return new ComparisonReport(new ReportFiles(request, about, outcomes), gallery);
    }

    /** Trains adapters: see {@link #train(Training, Path, TrainingListener)}. */
    public Trained train(Training training, Path folder) {
        return train(training, folder, TrainingListener.NONE);
    }

    /**
     * Trains an adapter for each phase of a plan. Its own parts leave the device meanwhile.
     * Interrupting the thread that waits here ends the work as a listener does.
     *
     * @param folder where the adapters go, with logs and checkpoints; made if missing
     * @throws RequestException if the training makes no sense for this model, or the folder cannot
     *     be written, holds another training, or is being trained into
     * @throws glance.api.FormatException if a file of the model, a picture or a checkpoint is
     *     damaged or does not fit
     * @throws glance.api.DeviceException if the device fails or has too little memory
     * @throws glance.api.TrainingFailure if a number went wrong; the last checkpoint is kept
     * @throws glance.api.CancelledException if the work was ended from outside; {@link
     *     Training#resume()} goes on from there
     */
    public Trained train(Training training, Path folder, TrainingListener listener) {
        requireOpen();
        TrainJob job = TrainJob.of(training, this.folder, folder);
        return glance.worker()
                .call(
                        cancelled -> {
                            requireOpen();
                            pipeline.rest();
                            TrainingHearing hearing =
                                    new TrainingHearing(listener, job, cancelled::get);
                            return new TrainRun(glance.ops(), job, hearing).run();
                        });
    }

    /** The strength of guidance that turns it off: see {@link Request#guidance(float)}. */
    public float guidanceOff() {
        return Families.defaults(folder).form().off();
    }

    /**
     * How many pictures a request may have to look at: see {@link Request#reference}; 0 for none.
     */
    public int maxReferences() {
        return pipeline.family().references(folder).map(ReferenceRules::most).orElse(0);
    }

    /**
     * A request without gaps: what it does not say is filled in with what the model would use. Of a
     * random seed this is the draw. Answers at once, also while the model draws.
     *
     * @throws RequestException if the request makes no sense for this model
     * @throws glance.api.FormatException if an adapter that it names is damaged
     */
    public Request complete(Request request) {
        Settings settings = settings(request);
        refusingAsRequest(
                () -> {
                    pipeline.require(settings);
                    return null;
                });
        return settings.request();
    }

    /**
     * Checks a request without loading anything: its values, the steps of its adapters, and whether
     * pictures of its size fit into the memory.
     *
     * @throws RequestException if it makes no sense for this model
     * @throws glance.api.DeviceException if the device has too little memory, with the largest size
     *     that works
     */
    public void check(Request request) {
        requireOpen();
        Settings settings = settings(request);
        glance.worker().run(() -> check(settings));
    }

    /**
     * Checks a comparison as {@link #check(Request)} does a request.
     *
     * @throws RequestException if it makes no sense for this model
     * @throws glance.api.DeviceException if the device has too little memory
     */
    public void check(Comparison comparison) {
        requireOpen();
        ComparisonRequest request = request(comparison);
        glance.worker().run(() -> check(request));
    }

    private Map<String, Origin> check(ComparisonRequest request) {
        Map<String, Origin> origins = new HashMap<>();
        for (int i = 0; i < request.runs().size(); i++) {
            origins.put(request.runs().get(i).name(), check(request.settings().get(i)));
        }
        return origins;
    }

    private ComparisonRequest request(Comparison comparison) {
        return refusingAsRequest(() -> ComparisonRequest.of(comparison, folder));
    }

    private Origin check(Settings settings) {
        return refusingAsRequest(
                () -> {
                    pipeline.check(settings);
                    return Origin.of(name, settings, folder);
                });
    }

    private Settings settings(Request request) {
        return refusingAsRequest(() -> Settings.of(request, folder));
    }

    /** What the layers below call an illegal argument came from the request. */
    private static <T> T refusingAsRequest(Supplier<T> work) {
        try {
            return work.get();
        } catch (RequestException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new RequestException(e.getMessage(), e);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the model " + name + " is closed; load it again");
        }
    }

    /** Frees what it has on the device, after the work that waits; twice is fine. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            glance.worker().run(pipeline::close);
            glance.closed(this);
        }
    }
}
