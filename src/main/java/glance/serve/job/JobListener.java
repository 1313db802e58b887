package glance.serve.job;

import glance.Listener;
import glance.Picture;
import glance.Progress;
import glance.schedule.Seeds;
import java.io.UncheckedIOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes what the model tells of a job to the job, and its pictures into the folder. */
final class JobListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(JobListener.class);

    private final Job job;
    private final JobFolder folder;

    JobListener(Job job, JobFolder folder) {
        this.job = job;
        this.folder = folder;
    }

    @Override
    public void progress(Progress progress) {
        job.step(progress);
        job.time(progress);
    }

    @Override
    public void together(int requests) {
        LOG.info("job {} shares its forward passes: {} jobs", job.id(), requests);
        job.together(requests);
    }

    @Override
    public void stage(String name) {
        job.stage(name);
    }

    @Override
    public boolean wantsPreview(Progress progress) {
        return job.wantsPreview(progress);
    }

    @Override
    public void preview(Progress progress, List<Picture> pictures) {
        job.preview(progress, pictures);
    }

    @Override
    public void picture(int index, Picture picture) {
        byte[] png = picture.png();
        job.picture(keep(picture, png), picture, png);
    }

    /** A client that waits gets its picture, also where it cannot be kept. */
    private String keep(Picture picture, byte[] png) {
        try {
            return folder.keep(job.id(), Seeds.text(picture.seed()), png);
        } catch (UncheckedIOException e) {
            if (!job.attended()) {
                throw e;
            }
            job.warn(Words.of(e));
            return null;
        }
    }

    /** For the server's log: it is about its memory, not about the job. */
    @Override
    public void note(String message) {
        LOG.info(message);
    }

    @Override
    public void warning(String message) {
        job.warn(message);
    }

    @Override
    public boolean isCancelled() {
        return job.isCancelled();
    }
}
