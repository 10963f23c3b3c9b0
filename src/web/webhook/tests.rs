mod bodies;
mod doors;
mod stage;
