package glance.serve.api;

import glance.Picture;
import glance.serve.job.JobRecord;
import glance.serve.job.JobWatcher;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.BiFunction;

/** Collects the pictures of a job as files in base 64, for a client that waits for them. */
final class Finished implements JobWatcher {
    private final BiFunction<Picture, byte[], byte[]> form;
    private final List<String> files = new ArrayList<>();

    /**
     * @param form the file of a picture and of its PNG
     */
    Finished(BiFunction<Picture, byte[], byte[]> form) {
        this.form = form;
    }

    @Override
    public void changed(JobRecord job) {}

    @Override
    public void picture(JobRecord job, int index, Picture picture, byte[] png) {
        files.add(Base64.getEncoder().encodeToString(form.apply(picture, png)));
    }

    /** In their order; complete once the job is over. */
    List<String> files() {
        return files;
    }
}
