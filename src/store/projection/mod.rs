pub struct Projection;
pub struct Projector;
