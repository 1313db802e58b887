package glance.pipeline;

import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Takes what happens to drawings that share forward passes to each of them. */
final class Members implements RunListener {
    private final List<Member> all = new ArrayList<>();
    private final List<Member> inPasses = new ArrayList<>();

    Members(List<Drawing> drawings, DrawingEnds ends) {
        int row = 0;
        for (Drawing drawing : drawings) {
            all.add(new Member(drawing, row, ends));
            row += drawing.settings().batch();
        }
        inPasses.addAll(all);
    }

    private void each(Consumer<Member> what) {
        all.forEach(what);
    }

    @Override
    public void stage(String name) {
        each(member -> member.tell(listener -> listener.stage(name)));
    }

    @Override
    public void together(int drawings) {
        each(member -> member.tell(listener -> listener.together(drawings)));
    }

    @Override
    public void step(int step, int steps, String phase, double seconds) {
        each(member -> member.step(step, steps, seconds));
    }

    @Override
    public void latents(int step, Tensor latents) {
        each(member -> member.latents(step, latents));
    }

    @Override
    public void adapterSwitch(double seconds) {
        each(member -> member.tell(listener -> listener.adapterSwitch(seconds)));
    }

    /** Lets those go who want to; whether nobody is left. */
    @Override
    public boolean isCancelled() {
        each(Member::leaveIfAsked);
        return all.stream().allMatch(Member::hasLeft);
    }

    /** Whether forward passes have rows of drawings that have left. */
    boolean hasEmptyRows() {
        return inPasses.stream().anyMatch(Member::hasLeft);
    }

    /**
     * Takes those that have left out of the forward passes.
     *
     * @return the rows of the others until now
     */
    List<Integer> closeRanks() {
        inPasses.removeIf(Member::hasLeft);
        List<Integer> rows = new ArrayList<>();
        for (Member member : inPasses) {
            List<Integer> own = member.rows();
            member.moveTo(rows.size());
            rows.addAll(own);
        }
        return rows;
    }

    /** Those that are in the forward passes. */
    List<Drawing> drawings() {
        return inPasses.stream().map(Member::drawing).toList();
    }

    /** Shows pictures as they look after a step. */
    void preview(Tensor latents, int step) {
        each(member -> member.preview(latents, step));
    }

    /** Takes the last latents of the next prompt. */
    void add(Tensor latents) {
        each(member -> member.add(latents));
    }

    void decodeBeside() {
        each(Member::decodeBeside);
    }

    void finish() {
        each(Member::finish);
    }
}
